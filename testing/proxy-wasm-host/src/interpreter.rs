//! A module in an interpreter. Where it traps the call fails, as the VM would in a proxy.

mod wasi;

use crate::abi::{ACTION_CONTINUE, LogLevel, Status};
use crate::hostcalls::{self, Call};
use crate::http::{CallResponse, Request, Response};
use crate::state::{LogLine, State};
use anyhow::{Context, Result, bail};
use wasmi::{Caller, Engine, Extern, ExternType, Instance, Linker, Memory, Module, Store, Val};

/// An import that is no hostcall: a module that was instrumented calls it with an index to tell
/// that it came by. What came is in [`State::entered`].
pub const ENTER: &str = "enter";

/// A module in a VM of its own, with the state of its worker.
#[derive(Debug)]
pub struct Vm {
    store: Store<Worker>,
    instance: Instance,
}

/// The host's side.
#[derive(Debug)]
struct Worker {
    state: State,
    /// How often the module asked for random bytes.
    random: u64,
}

impl Vm {
    /// Starts a VM that runs a module.
    ///
    /// # Errors
    /// The bytes are no module, or none for this host; or it traps.
    pub fn start(wasm: &[u8], state: State) -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, wasm)?;
        let mut linker = <Linker<Worker>>::new(&engine);
        for import in module.imports() {
            let ExternType::Func(signature) = import.ty() else {
                bail!("the import `{}` is no function", import.name())
            };
            let name = import.name().to_owned();
            linker.func_new(
                import.module(),
                import.name(),
                signature.clone(),
                move |caller, arguments, results| {
                    let status = imported(&name, caller, arguments)?;
                    if let Some(result) = results.first_mut() {
                        *result = Val::I32(status.cast_signed());
                    }
                    Ok(())
                },
            )?;
        }
        let mut store = Store::new(&engine, Worker { state, random: 0 });
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        let mut vm = Self { store, instance };
        vm.call("_initialize", &[])?;
        Ok(vm)
    }

    /// Starts a VM with a root context, 1, that has this configuration.
    ///
    /// # Errors
    /// As [`Vm::start`]; or the module refuses the configuration.
    pub fn configured(wasm: &[u8], state: State, document: &str) -> Result<Self> {
        let mut vm = Self::start(wasm, state)?;
        vm.call("proxy_on_context_create", &[1, 0])?;
        vm.call("proxy_on_vm_start", &[1, 0])?;
        anyhow::ensure!(vm.configure(document.as_bytes())?, "refused: {:?}", vm.state().log);
        Ok(vm)
    }

    /// Returns the state of the worker.
    pub fn state(&self) -> &State {
        &self.store.data().state
    }

    /// Returns the state of the worker, to change it.
    pub fn state_mut(&mut self) -> &mut State {
        &mut self.store.data_mut().state
    }

    /// Hands the root context another configuration. Returns whether it takes it.
    ///
    /// # Errors
    /// It traps.
    pub fn configure(&mut self, document: &[u8]) -> Result<bool> {
        self.state_mut().configuration = document.to_vec();
        let size = i32::try_from(document.len())?;
        Ok(self.call("proxy_on_configure", &[1, size])? == 1)
    }

    /// Calls one of the module's functions. As a callback's first argument is its context,
    /// hostcalls are about that.
    ///
    /// # Errors
    /// It traps, or there is none of this name.
    pub fn call(&mut self, name: &str, arguments: &[i32]) -> Result<i32> {
        let context = arguments.first().copied().unwrap_or_default().cast_unsigned();
        self.state_mut().enter(context);
        if name == "proxy_on_context_create" {
            let parent = arguments.get(1).copied().unwrap_or_default().cast_unsigned();
            self.state_mut().create(context, parent);
        }
        let function =
            self.instance.get_func(&self.store, name).with_context(|| format!("no `{name}`"))?;
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(*argument)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function
            .call(&mut self.store, &arguments, &mut results)
            .with_context(|| format!("`{name}` trapped; {:?}", self.state().log.last()))?;
        if name == "proxy_on_delete" {
            self.state_mut().delete(context);
        }
        Ok(match results.first() {
            Some(Val::I32(result)) => *result,
            _ => 0,
        })
    }

    /// Sends a request through a context of its own. Returns what became of it.
    ///
    /// # Errors
    /// It traps.
    pub fn request(&mut self, context: i32, request: &Request) -> Result<Response> {
        self.call("proxy_on_context_create", &[context, 1])?;
        let response = self.headers(context, request)?;
        self.call("proxy_on_delete", &[context])?;
        Ok(response)
    }

    /// Hands a request's headers to a context that is there. Returns what became of it so far.
    ///
    /// # Errors
    /// It traps.
    pub fn headers(&mut self, context: i32, request: &Request) -> Result<Response> {
        self.state_mut().receive(context.cast_unsigned(), request);
        let count = i32::try_from(request.headers.len())?;
        let action = self.call("proxy_on_request_headers", &[context, count, 1])?;
        if action.cast_unsigned() == ACTION_CONTINUE {
            self.state_mut().go_on(context.cast_unsigned());
        }
        self.response(context)
    }

    /// Returns what became of the request of a context, so far.
    ///
    /// # Errors
    /// There is no such context.
    pub fn response(&self, context: i32) -> Result<Response> {
        self.state()
            .response(context.cast_unsigned())
            .with_context(|| format!("no context {context}"))
    }

    /// Answers a call to a cluster.
    ///
    /// # Errors
    /// It traps.
    pub fn answer_call(&mut self, context: u32, token: u32, response: CallResponse) -> Result<()> {
        let (headers, body) =
            (i32::try_from(response.headers.len())?, i32::try_from(response.body.len())?);
        self.state_mut().call_response = Some(response);
        let arguments = [context.cast_signed(), token.cast_signed(), headers, body, 0];
        self.call("proxy_on_http_call_response", &arguments)?;
        self.state_mut().call_response = None;
        Ok(())
    }
}

/// A hostcall's arguments and the module's memory.
pub(crate) struct HostCall<'c, 'a> {
    caller: Caller<'c, Worker>,
    memory: Memory,
    arguments: &'a [Val],
}

/// Does what a module imports.
fn imported(
    name: &str,
    caller: Caller<'_, Worker>,
    arguments: &[Val],
) -> Result<u32, wasmi::Error> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(wasmi::Error::new("there is no memory"));
    };
    let mut call = HostCall { caller, memory, arguments };
    let done = match name {
        ENTER => call.note_entry(),
        name if name.starts_with("proxy_") => {
            hostcalls::make(name, &mut call).map(|status| status as u32)
        }
        name => wasi::make(name, &mut call),
    };
    done.map_err(|error| wasmi::Error::new(format!("{name}: {error:#}")))
}

impl HostCall<'_, '_> {
    fn note_entry(&mut self) -> Result<u32> {
        let index = u32::try_from(self.number(0)?)?;
        let entered = &mut self.state().entered;
        if !entered.contains(&index) {
            entered.push(index);
        }
        Ok(Status::Ok as u32)
    }

    fn address(&self, index: usize) -> Result<u32> {
        Ok(u32::try_from(self.number(index)?)?)
    }

    /// Reads the module's memory.
    pub(crate) fn read(&self, at: u32, length: u32) -> Result<Vec<u8>> {
        let end = u64::from(at).saturating_add(length.into());
        anyhow::ensure!(
            end <= u64::try_from(self.memory.data_size(&self.caller))?,
            "{at} + {length} is outside of memory"
        );
        let mut bytes = vec![0; usize::try_from(length)?];
        self.memory.read(&self.caller, usize::try_from(at)?, &mut bytes)?;
        Ok(bytes)
    }

    /// Returns bytes that look random and are the same in every run.
    pub(crate) fn random(&mut self, length: usize) -> Vec<u8> {
        let worker = self.caller.data_mut();
        worker.random = worker.random.wrapping_add(1);
        let seed = worker.random.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        seed.to_le_bytes().into_iter().cycle().take(length).collect()
    }

    /// Notes what a module writes, such as what a panic says before it traps.
    pub(crate) fn write_line(&mut self, text: String) {
        self.state().log.push(LogLine { level: LogLevel::Critical, text });
    }
}

impl Call for HostCall<'_, '_> {
    fn state(&mut self) -> &mut State {
        &mut self.caller.data_mut().state
    }

    fn number(&self, index: usize) -> Result<u64> {
        match self.arguments.get(index) {
            Some(Val::I32(number)) => Ok(number.cast_unsigned().into()),
            Some(Val::I64(number)) => Ok(number.cast_unsigned()),
            other => bail!("argument {index} is {other:?}"),
        }
    }

    fn bytes(&self, index: usize) -> Result<Vec<u8>> {
        self.read(self.address(index)?, self.address(index.saturating_add(1))?)
    }

    fn put(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        let at = usize::try_from(self.address(index)?)?;
        Ok(self.memory.write(&mut self.caller, at, bytes)?)
    }

    fn give(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        let mut at = 0;
        if !bytes.is_empty() {
            let Some(Extern::Func(allocate)) = self.caller.get_export("proxy_on_memory_allocate")
            else {
                bail!("the module allocates no memory");
            };
            let mut room = [Val::I32(0)];
            allocate.call(&mut self.caller, &[Val::I32(i32::try_from(bytes.len())?)], &mut room)?;
            let [Val::I32(address)] = room else {
                bail!("`proxy_on_memory_allocate` returns no address")
            };
            at = address.cast_unsigned();
            self.memory.write(&mut self.caller, usize::try_from(at)?, bytes)?;
        }
        self.put(index, &at.to_le_bytes())?;
        self.put(index.saturating_add(1), &u32::try_from(bytes.len())?.to_le_bytes())
    }
}
