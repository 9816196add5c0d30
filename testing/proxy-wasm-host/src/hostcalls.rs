//! The hostcalls, whichever way a module is run.

use crate::abi::{LogLevel, Status, buffer_type, map_type, stream_type};
use crate::header_map::{self, Headers};
use crate::http::{HttpCall, LocalReply};
use crate::state::{LogLine, State, filter_state_name};
use anyhow::{Context, Result};
use std::time::Duration;

/// A hostcall that is being made: its arguments, by their position, and what they point to in the
/// module's memory.
pub(crate) trait Call {
    /// Returns the state of the worker.
    fn state(&mut self) -> &mut State;

    /// Returns a number; a negative one in two's complement.
    fn number(&self, index: usize) -> Result<u64>;

    /// Returns the bytes that two arguments name: where they begin, and how many they are.
    fn bytes(&self, index: usize) -> Result<Vec<u8>>;

    /// Writes bytes where an argument points.
    fn put(&mut self, index: usize, bytes: &[u8]) -> Result<()>;

    /// Hands bytes over in memory that the module allocates, and writes where two arguments point:
    /// where that begins, and how many bytes there are. Nothing is allocated for none.
    fn give(&mut self, index: usize, bytes: &[u8]) -> Result<()>;

    /// Returns a text.
    fn text(&self, index: usize) -> Result<String> {
        let bytes = self.bytes(index)?;
        String::from_utf8(bytes).with_context(|| format!("argument {index} is no UTF-8"))
    }
}

/// Makes a hostcall.
///
/// # Errors
/// The module passes what no module may: a pointer outside of its memory, a name that is no text.
pub(crate) fn make(name: &str, call: &mut impl Call) -> Result<Status> {
    call.state().count(name);
    match name {
        "proxy_log" => log(call),
        "proxy_get_log_level" => {
            let level = call.state().log_level as u32;
            put(call, 0, &level.to_le_bytes())
        }
        "proxy_get_current_time_nanoseconds" => {
            let now = u64::try_from(call.state().now.as_nanos())?;
            put(call, 0, &now.to_le_bytes())
        }
        "proxy_set_tick_period_milliseconds" => {
            let period = call.number(0)?;
            call.state().tick_period = (period > 0).then(|| Duration::from_millis(period));
            Ok(Status::Ok)
        }
        "proxy_get_buffer_bytes" => get_buffer(call),
        "proxy_get_header_map_pairs" => {
            let map = call.number(0)?;
            let Some(map) = header_map(call.state(), map) else { return Ok(Status::BadArgument) };
            let bytes = header_map::write(map);
            give(call, 1, &bytes)
        }
        "proxy_set_header_map_pairs" => {
            let Some(new) = header_map::read(&call.bytes(1)?) else {
                return Ok(Status::SerializationFailure);
            };
            change_map(call, |headers| *headers = new)
        }
        "proxy_get_header_map_value" => get_header(call),
        "proxy_add_header_map_value" => {
            let header = (call.text(1)?, call.bytes(3)?);
            change_map(call, |headers| headers.push(header))
        }
        "proxy_replace_header_map_value" => {
            let (key, value) = (call.text(1)?, call.bytes(3)?);
            change_map(call, |headers| {
                headers.retain(|(name, _)| *name != key);
                headers.push((key, value));
            })
        }
        "proxy_remove_header_map_value" => {
            let key = call.text(1)?;
            change_map(call, |headers| headers.retain(|(name, _)| *name != key))
        }
        "proxy_get_property" => {
            let path = call.bytes(0)?;
            match call.state().property(&path) {
                Some(value) => give(call, 2, &value),
                None => Ok(Status::NotFound),
            }
        }
        "proxy_set_property" => set_property(call),
        "proxy_get_shared_data" => {
            let key = call.text(0)?;
            let Some((value, version)) = call.state().shared.get(&key) else {
                return Ok(Status::NotFound);
            };
            call.put(4, &version.to_le_bytes())?;
            give(call, 2, &value)
        }
        "proxy_set_shared_data" => {
            let (key, value, version) =
                (call.text(0)?, call.bytes(2)?, u32::try_from(call.number(4)?)?);
            Ok(call.state().shared.set(&key, &value, version).err().unwrap_or(Status::Ok))
        }
        "proxy_send_local_response" => send_local_response(call),
        "proxy_continue_stream" => continue_stream(call),
        "proxy_set_effective_context" => {
            let context = u32::try_from(call.number(0)?)?;
            Ok(if call.state().set_effective(context) { Status::Ok } else { Status::BadArgument })
        }
        "proxy_http_call" => http_call(call),
        "proxy_call_foreign_function" => {
            let (name, argument) = (call.text(0)?, call.bytes(2)?);
            let Some(function) = call.state().foreign_function(&name) else {
                return Ok(Status::NotFound);
            };
            match function(&argument) {
                Ok(result) => give(call, 4, &result),
                Err(status) => Ok(status),
            }
        }
        "proxy_define_metric" => {
            let (kind, name) = (call.number(0)?, call.text(1)?);
            let Some(id) = call.state().metrics.define(kind, name) else {
                return Ok(Status::BadArgument);
            };
            put(call, 3, &id.to_le_bytes())
        }
        "proxy_increment_metric" => {
            let (id, amount) = (call.number(0)?, call.number(1)?.cast_signed());
            Ok(call.state().metrics.add(id, amount))
        }
        "proxy_record_metric" => {
            let (id, value) = (call.number(0)?, call.number(1)?);
            Ok(call.state().metrics.record(id, value))
        }
        "proxy_get_metric" => {
            let id = call.number(0)?;
            let Some(value) = call.state().metrics.get(id) else { return Ok(Status::NotFound) };
            put(call, 1, &value.to_le_bytes())
        }
        // An SDK refers to every hostcall there is, whether the module makes it or not.
        _ => Ok(Status::InternalFailure),
    }
}

fn put(call: &mut impl Call, index: usize, bytes: &[u8]) -> Result<Status> {
    call.put(index, bytes)?;
    Ok(Status::Ok)
}

fn give(call: &mut impl Call, index: usize, bytes: &[u8]) -> Result<Status> {
    call.give(index, bytes)?;
    Ok(Status::Ok)
}

fn log(call: &mut impl Call) -> Result<Status> {
    let Some(level) = LogLevel::from_number(call.number(0)?) else {
        return Ok(Status::BadArgument);
    };
    let text = String::from_utf8_lossy(&call.bytes(1)?).into_owned();
    call.state().log.push(LogLine { level, text });
    Ok(Status::Ok)
}

fn get_buffer(call: &mut impl Call) -> Result<Status> {
    let (buffer, start, most) = (call.number(0)?, call.number(1)?, call.number(2)?);
    let state = call.state();
    let whole = match buffer {
        buffer_type::CALL_RESPONSE_BODY => {
            state.call_response.as_ref().map(|response| &response.body)
        }
        buffer_type::VM_CONFIGURATION => Some(&state.vm_configuration),
        buffer_type::PLUGIN_CONFIGURATION => Some(&state.configuration),
        _ => None,
    };
    let Some(whole) = whole else { return Ok(Status::NotFound) };
    let start = usize::try_from(start)?.min(whole.len());
    let end = start.saturating_add(usize::try_from(most)?).min(whole.len());
    let part = whole.get(start..end).unwrap_or_default().to_vec();
    give(call, 3, &part)
}

/// Returns a header map that is there.
fn header_map(state: &mut State, map: u64) -> Option<&mut Headers> {
    match map {
        map_type::REQUEST_HEADERS => state.stream().map(|stream| &mut stream.headers),
        map_type::REQUEST_TRAILERS => state.stream().map(|stream| &mut stream.trailers),
        map_type::CALL_RESPONSE_HEADERS => {
            state.call_response.as_mut().map(|response| &mut response.headers)
        }
        _ => None,
    }
}

/// Changes the header map that the first argument names.
fn change_map(call: &mut impl Call, change: impl FnOnce(&mut Headers)) -> Result<Status> {
    let map = call.number(0)?;
    let Some(map) = header_map(call.state(), map) else { return Ok(Status::BadArgument) };
    change(map);
    Ok(Status::Ok)
}

fn get_header(call: &mut impl Call) -> Result<Status> {
    let (map, key) = (call.number(0)?, call.text(1)?);
    let Some(map) = header_map(call.state(), map) else { return Ok(Status::BadArgument) };
    match map.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone()) {
        Some(value) => give(call, 3, &value),
        None => Ok(Status::NotFound),
    }
}

/// As in Envoy, a property that a module sets is filter state of the request.
fn set_property(call: &mut impl Call) -> Result<Status> {
    let (path, value) = (call.bytes(0)?, call.bytes(2)?);
    let Some(name) = filter_state_name(&path) else { return Ok(Status::BadArgument) };
    let Some(stream) = call.state().stream() else { return Ok(Status::NotFound) };
    stream.filter_state.insert(name, value);
    Ok(Status::Ok)
}

fn send_local_response(call: &mut impl Call) -> Result<Status> {
    let (status, body) = (u32::try_from(call.number(0)?)?, call.bytes(3)?);
    let Some(headers) = header_map::read(&call.bytes(5)?) else { return Ok(Status::BadArgument) };
    // An argument of 32 bits, which may come sign-extended.
    let [a, b, c, d, ..] = call.number(7)?.to_le_bytes();
    let grpc_status = i32::from_le_bytes([a, b, c, d]);
    let Some(stream) = call.state().stream() else { return Ok(Status::BadArgument) };
    stream.replies = stream.replies.saturating_add(1);
    // As in Envoy, the first one counts.
    stream.reply.get_or_insert(LocalReply { status, headers, body, grpc_status });
    Ok(Status::Ok)
}

fn continue_stream(call: &mut impl Call) -> Result<Status> {
    let which = call.number(0)?;
    let Some(stream) = call.state().stream() else { return Ok(Status::BadArgument) };
    if which != stream_type::REQUEST {
        return Ok(Status::BadArgument);
    }
    stream.goes_on = true;
    Ok(Status::Ok)
}

fn http_call(call: &mut impl Call) -> Result<Status> {
    let (cluster, body, timeout) = (call.text(0)?, call.bytes(4)?, u32::try_from(call.number(8)?)?);
    let Some(headers) = header_map::read(&call.bytes(2)?) else { return Ok(Status::BadArgument) };
    let state = call.state();
    let (token, context) = (state.next_call(), state.context());
    state.http_calls.push(HttpCall { token, context, cluster, headers, body, timeout });
    put(call, 9, &token.to_le_bytes())
}
