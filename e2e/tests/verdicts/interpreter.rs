//! The module that ships, in an interpreter.

use crate::question::{Heard, LINES_A_SECOND, PORT, Question, Subject};
use anyhow::{Context, Result, ensure};
use attache_e2e::envoy::Workload;
use attache_e2e::scenario::audit_line;
use proxy_wasm_test_host::interpreter::Vm;
use proxy_wasm_test_host::{Request, State};
use std::time::Duration;

/// One VM, which gets one configuration after another.
pub(crate) struct Interpreter {
    vm: Vm,
    next_context: i32,
}

impl Interpreter {
    pub(crate) fn start(workload: &Workload, configuration: &str) -> Result<Self> {
        let module = std::fs::read(attache_e2e::module()?)?;
        let mut state = State::default();
        place(&mut state, workload);
        Ok(Self { vm: Vm::configured(&module, state, configuration)?, next_context: 2 })
    }

    /// Asks everything of a subject; `None` where the filter waits for keys.
    pub(crate) fn ask(&mut self, subject: &Subject) -> Result<Vec<Option<Heard>>> {
        place(self.vm.state_mut(), &subject.workload);
        let text = subject.configuration.to_string();
        ensure!(self.vm.configure(text.as_bytes())?, "{}: the module refuses it", subject.name);
        let one = |(index, question)| {
            self.vm.state_mut().now = Duration::from_secs(
                subject.now + u64::try_from(index / LINES_A_SECOND).unwrap_or_default(),
            );
            self.one(question).with_context(|| format!("{}: {question:?}", subject.name))
        };
        subject.questions.iter().enumerate().map(one).collect()
    }

    fn one(&mut self, question: &Question) -> Result<Option<Heard>> {
        let id = format!("request-{}", self.next_context);
        let before = self.vm.state().properties.clone();
        let state = self.vm.state_mut();
        if let Some(caller) = &question.caller {
            state.set_property(
                &["connection", "uri_san_peer_certificate"],
                format!("spiffe://{caller}"),
            );
            state.set_property(&["connection", "mtls"], [1]);
        }
        state.log.clear();
        let request = Request { headers: question.header_map(&id) };
        self.vm.request(self.next_context, &request)?;
        self.next_context += 1;
        self.vm.state_mut().properties = before;
        let lines = self.vm.state().log.iter().filter_map(|line| audit_line(&line.text));
        Ok(lines
            .filter(|line| line["requestId"] == id)
            .map(|line| Heard::of_line(&line))
            .next_back())
    }
}

/// Sets what a proxy before this workload knows.
fn place(state: &mut State, workload: &Workload) {
    state.properties.clear();
    let metadata = ["xds", "node", "metadata"];
    let texts = [
        ("NAMESPACE", &workload.namespace),
        ("WORKLOAD_NAME", &workload.name),
        ("SERVICE_ACCOUNT", &workload.service_account),
    ];
    for (name, value) in texts {
        state.set_property(&[&metadata[..], &[name]].concat(), value);
    }
    for (name, value) in &workload.labels {
        state.set_property(&[&metadata[..], &["LABELS", name]].concat(), value);
    }
    state.set_property(&["source", "address"], "127.0.0.1:40000");
    state.set_property(&["destination", "port"], i64::from(PORT).to_le_bytes());
}
