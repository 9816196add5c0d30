//! Counters and gauges.

use crate::abi::{Status, metric_type};
use std::collections::BTreeMap;

/// The counters and gauges of a proxy. Two that a module defines under one name are one, as in
/// Envoy.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// The name behind each id.
    ids: Vec<String>,
    metrics: BTreeMap<String, Metric>,
    changed: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Metric {
    is_counter: bool,
    value: u64,
}

impl Metrics {
    /// Returns all counters, by name.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let counters = self.metrics.iter().filter(|(_, metric)| metric.is_counter);
        counters.map(|(name, metric)| (name.clone(), metric.value)).collect()
    }

    /// Returns the value of a gauge; `None` where the module never defined it.
    pub fn gauge(&self, name: &str) -> Option<u64> {
        self.metrics.get(name).filter(|metric| !metric.is_counter).map(|metric| metric.value)
    }

    /// Sets a gauge that the module defined, as another plugin of the proxy would. Returns whether
    /// there is one.
    pub fn set_gauge(&mut self, name: &str, value: u64) -> bool {
        let gauge = self.metrics.get_mut(name).filter(|metric| !metric.is_counter);
        gauge.map(|gauge| gauge.value = value).is_some()
    }

    /// Returns the names of what was changed since the last time this was asked, in that order.
    pub fn take_changed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.changed)
    }

    /// Defines a metric and returns its id; `None` where this host has none of the kind, or another
    /// kind of this name.
    pub(crate) fn define(&mut self, kind: u64, name: String) -> Option<u32> {
        let is_counter = match kind {
            metric_type::COUNTER => true,
            metric_type::GAUGE => false,
            _ => return None,
        };
        let metric = self.metrics.entry(name.clone()).or_insert(Metric { is_counter, value: 0 });
        let id = u32::try_from(self.ids.len()).ok()?;
        (metric.is_counter == is_counter).then(|| {
            self.ids.push(name);
            id
        })
    }

    /// Returns the value of what has this id.
    pub(crate) fn get(&self, id: u64) -> Option<u64> {
        let name = self.ids.get(usize::try_from(id).ok()?)?;
        self.metrics.get(name).map(|metric| metric.value)
    }

    /// Adds to a metric, or takes from it: a counter only grows, and a gauge is never less than 0.
    pub(crate) fn add(&mut self, id: u64, amount: i64) -> Status {
        self.change(id, |metric| match metric.value.checked_add_signed(amount) {
            Some(value) if amount >= 0 || !metric.is_counter => {
                metric.value = value;
                Status::Ok
            }
            _ => Status::BadArgument,
        })
    }

    /// Sets a gauge.
    pub(crate) fn record(&mut self, id: u64, value: u64) -> Status {
        self.change(id, |metric| {
            if metric.is_counter {
                return Status::BadArgument;
            }
            metric.value = value;
            Status::Ok
        })
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Metric) -> Status) -> Status {
        let name = usize::try_from(id).ok().and_then(|id| self.ids.get(id));
        let Some((name, metric)) = name.and_then(|name| Some((name, self.metrics.get_mut(name)?)))
        else {
            return Status::NotFound;
        };
        let status = change(metric);
        if status == Status::Ok {
            self.changed.push(name.clone());
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_one_name_are_one() {
        let mut metrics = Metrics::default();
        let ids =
            [(); 2].map(|()| metrics.define(metric_type::COUNTER, "requests".to_owned()).unwrap());
        assert_ne!(ids[0], ids[1]);
        for id in ids {
            assert_eq!(metrics.add(id.into(), 2), Status::Ok);
        }
        assert_eq!(metrics.counters(), [("requests".to_owned(), 4)].into());
        assert_eq!(metrics.define(metric_type::GAUGE, "requests".to_owned()), None);
        assert_eq!(metrics.take_changed(), ["requests", "requests"]);
    }

    #[test]
    fn a_counter_only_grows_and_a_gauge_is_set() {
        let mut metrics = Metrics::default();
        let counter = metrics.define(metric_type::COUNTER, "requests".to_owned()).unwrap().into();
        let gauge = metrics.define(metric_type::GAUGE, "waiting".to_owned()).unwrap().into();
        assert_eq!(metrics.add(counter, -1), Status::BadArgument);
        assert_eq!(metrics.record(counter, 1), Status::BadArgument);
        assert_eq!(metrics.record(gauge, 5), Status::Ok);
        assert_eq!(metrics.add(gauge, -2), Status::Ok);
        assert_eq!(metrics.add(gauge, -4), Status::BadArgument);
        assert_eq!(metrics.gauge("waiting"), Some(3));
        assert_eq!(metrics.add(99, 1), Status::NotFound);
    }
}
