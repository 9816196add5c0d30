//! A module in an interpreter. Where it traps the call fails, as the VM would in Envoy.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use wasmi::{Caller, Engine, Extern, ExternType, Instance, Linker, Memory, Module, Store, Val};

/// What every request is decided at: seconds since 1970.
pub const NOW: u64 = 1_767_225_600;

/// A header map, in its order.
pub type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// An import that is no hostcall: a module that was instrumented calls it with a number to tell that it came by.
pub const ENTER: &str = "enter";

const OK: i32 = 0;
const NOT_FOUND: i32 = 1;
const BAD_ARGUMENT: i32 = 2;
const CAS_MISMATCH: i32 = 8;
const INTERNAL_FAILURE: i32 = 10;

/// Says whether a signature is good, given the argument of Envoy's foreign function `verify_signature`.
pub type Verify = fn(&[u8]) -> bool;

/// What the host holds, as far as the module can see it.
#[derive(Debug)]
pub struct State {
    verify: Verify,
    /// The plugin's configuration.
    pub configuration: Vec<u8>,
    /// The headers of the request that is there.
    pub request: Option<Headers>,
    /// The status that the module answered with.
    pub reply: Option<u32>,
    /// Whether the module had a paused request go on.
    pub resumed: bool,
    /// What the module set as filter state, by name.
    pub filter_state: BTreeMap<String, Vec<u8>>,
    /// Shared data, by key, and the number of each value's version.
    pub shared: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    /// The HTTP calls that the module began, oldest first.
    pub calls: Vec<u32>,
    /// Headers and body of the answer to any call.
    pub answer: (Headers, Vec<u8>),
    /// The lines that the module logged or wrote.
    pub log: Vec<String>,
    /// The time, in nanoseconds since 1970.
    pub now: u64,
    /// The arguments of [`ENTER`], in the order in which it first got them.
    pub entered: Vec<u32>,
    metrics: Vec<u64>,
    random: u64,
    called: u32,
}

impl State {
    fn new(verify: Verify) -> Self {
        Self {
            verify,
            configuration: Vec::new(),
            request: None,
            reply: None,
            resumed: false,
            filter_state: BTreeMap::new(),
            shared: BTreeMap::new(),
            calls: Vec::new(),
            answer: (Vec::new(), Vec::new()),
            log: Vec::new(),
            now: NOW.saturating_mul(1_000_000_000),
            entered: Vec::new(),
            metrics: Vec::new(),
            random: 0,
            called: 0,
        }
    }
}

/// The module in a VM of its own.
#[derive(Debug)]
pub struct Vm {
    /// The host's side.
    pub store: Store<State>,
    instance: Instance,
}

impl Vm {
    /// A VM that runs a module, where signatures are as good as `verify` says.
    ///
    /// # Errors
    /// The bytes are no module, or none for this host; or it traps.
    pub fn start(wasm: &[u8], verify: Verify) -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, wasm)?;
        let mut linker = <Linker<State>>::new(&engine);
        for import in module.imports() {
            let ExternType::Func(signature) = import.ty() else {
                bail!("`{}` is no function", import.name())
            };
            let name = import.name().to_owned();
            linker.func_new(
                import.module(),
                import.name(),
                signature.clone(),
                move |caller, arguments, results| {
                    let status = hostcall(&name, caller, arguments)?;
                    if let Some(result) = results.first_mut() {
                        *result = Val::I32(status);
                    }
                    Ok(())
                },
            )?;
        }
        let mut store = Store::new(&engine, State::new(verify));
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        let mut vm = Self { store, instance };
        vm.call("_initialize", &[])?;
        Ok(vm)
    }

    /// A VM with a root context, 1, that has this configuration.
    ///
    /// # Errors
    /// As [`Vm::start`]; or the module refuses the configuration.
    pub fn configured(wasm: &[u8], verify: Verify, document: &str) -> Result<Self> {
        let mut vm = Self::start(wasm, verify)?;
        vm.call("proxy_on_context_create", &[1, 0])?;
        vm.call("proxy_on_vm_start", &[1, 0])?;
        anyhow::ensure!(vm.configure(document.as_bytes())?, "refused: {:?}", vm.store.data().log);
        Ok(vm)
    }

    /// Hands the root context another configuration. Says whether it takes it.
    ///
    /// # Errors
    /// It traps.
    pub fn configure(&mut self, document: &[u8]) -> Result<bool> {
        self.store.data_mut().configuration = document.to_vec();
        let size = i32::try_from(document.len())?;
        Ok(self.call("proxy_on_configure", &[1, size])? == 1)
    }

    /// Calls one of the module's functions.
    ///
    /// # Errors
    /// It traps, or there is none of this name.
    pub fn call(&mut self, name: &str, arguments: &[i32]) -> Result<i32> {
        let function = self.instance.get_func(&self.store, name).with_context(|| format!("no `{name}`"))?;
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(*argument)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function
            .call(&mut self.store, &arguments, &mut results)
            .with_context(|| format!("`{name}` trapped; {:?}", self.store.data().log.last()))?;
        Ok(match results.first() {
            Some(Val::I32(result)) => *result,
            _ => 0,
        })
    }

    /// Sends a request through a context of its own. Says whether it goes on, and its headers then.
    ///
    /// # Errors
    /// It traps.
    pub fn request(&mut self, context: i32, headers: &Headers) -> Result<(bool, Headers)> {
        self.call("proxy_on_context_create", &[context, 1])?;
        let goes_on = self.headers(context, headers)?;
        let seen = self.store.data_mut().request.take().unwrap_or_default();
        self.call("proxy_on_delete", &[context])?;
        Ok((goes_on, seen))
    }

    /// Hands a request's headers to a context that is there. Says whether the request goes on.
    ///
    /// # Errors
    /// It traps.
    pub fn headers(&mut self, context: i32, headers: &Headers) -> Result<bool> {
        let state = self.store.data_mut();
        (state.request, state.reply, state.resumed) = (Some(headers.clone()), None, false);
        state.filter_state.clear();
        let count = i32::try_from(headers.len())?;
        Ok(self.call("proxy_on_request_headers", &[context, count, 1])? == 0)
    }

    /// Why the last request was refused, as access logs see it.
    pub fn reason(&self) -> Option<String> {
        let value = self.store.data().filter_state.get("attache.reason")?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// The arguments of a hostcall and the module's memory.
struct Hostcall<'c, 'a> {
    caller: Caller<'c, State>,
    memory: Memory,
    arguments: &'a [Val],
}

fn hostcall(name: &str, caller: Caller<'_, State>, arguments: &[Val]) -> Result<i32, wasmi::Error> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(wasmi::Error::new("there is no memory"));
    };
    let mut call = Hostcall { caller, memory, arguments };
    let answered = call.answer(name);
    answered.map_err(|error| wasmi::Error::new(format!("{name}: {error:#}")))
}

impl Hostcall<'_, '_> {
    fn answer(&mut self, name: &str) -> Result<i32> {
        match name {
            ENTER => {
                let function = self.number(0)?;
                let entered = &mut self.state().entered;
                if !entered.contains(&function) {
                    entered.push(function);
                }
                Ok(OK)
            }
            "proxy_log" => {
                let text = String::from_utf8_lossy(&self.bytes(1)?).into_owned();
                self.state().log.push(text);
                Ok(OK)
            }
            "proxy_get_log_level" => self.put_u32(0, 2),
            "proxy_get_current_time_nanoseconds" => {
                let now = self.state().now;
                self.put(self.number(0)?, &now.to_le_bytes())
            }
            "proxy_get_buffer_bytes" => {
                let state = self.caller.data();
                let whole = match self.number(0)? {
                    4 => &state.answer.1,
                    7 => &state.configuration,
                    _ => return Ok(NOT_FOUND),
                };
                let start = usize::try_from(self.number(1)?)?.min(whole.len());
                let end = start.saturating_add(usize::try_from(self.number(2)?)?).min(whole.len());
                let part = whole.get(start..end).unwrap_or_default().to_vec();
                self.give(3, &part)
            }
            "proxy_get_header_map_pairs" => {
                let map = match self.number(0)? {
                    // A host holds the headers of every stream that is there.
                    0 => Some(self.caller.data().request.clone().unwrap_or_default()),
                    6 => Some(self.caller.data().answer.0.clone()),
                    _ => None,
                };
                let Some(map) = map else { return Ok(BAD_ARGUMENT) };
                self.give(1, &wire_form(&map))
            }
            "proxy_remove_header_map_value" => {
                let key = self.bytes(1)?;
                self.with_request(|headers| headers.retain(|(name, _)| *name != key))
            }
            "proxy_add_header_map_value" => {
                let header = (self.bytes(1)?, self.bytes(3)?);
                self.with_request(|headers| headers.push(header))
            }
            "proxy_replace_header_map_value" => {
                let (key, value) = (self.bytes(1)?, self.bytes(3)?);
                self.with_request(|headers| {
                    headers.retain(|(name, _)| *name != key);
                    headers.push((key, value));
                })
            }
            "proxy_set_property" => {
                let (path, value) = (String::from_utf8(self.bytes(0)?)?, self.bytes(2)?);
                self.state().filter_state.insert(path, value);
                Ok(OK)
            }
            "proxy_get_shared_data" => match self.caller.data().shared.get(&self.bytes(0)?).cloned() {
                None => Ok(NOT_FOUND),
                Some((value, cas)) => {
                    self.put_u32(4, cas)?;
                    self.give(2, &value)
                }
            },
            "proxy_set_shared_data" => {
                let (key, value, cas) = (self.bytes(0)?, self.bytes(2)?, self.number(4)?);
                // As in Envoy, what is not there yet is written whatever the number.
                let present = self.caller.data().shared.get(&key).map(|(_, cas)| *cas);
                if cas != 0 && present.is_some_and(|present| cas != present) {
                    return Ok(CAS_MISMATCH);
                }
                self.state().shared.insert(key, (value, present.unwrap_or(0).wrapping_add(1)));
                Ok(OK)
            }
            "proxy_send_local_response" => {
                let status = self.number(0)?;
                self.state().reply = Some(status);
                Ok(OK)
            }
            "proxy_http_call" => {
                let call = self.caller.data().called.wrapping_add(1);
                self.state().called = call;
                self.state().calls.push(call);
                self.put_u32(9, call)
            }
            "proxy_call_foreign_function" => {
                let good = (self.caller.data().verify)(&self.bytes(2)?);
                self.give(4, &[8, u8::from(good)])
            }
            "proxy_define_metric" => {
                let id = u32::try_from(self.caller.data().metrics.len())?;
                self.state().metrics.push(0);
                self.put_u32(3, id)
            }
            "proxy_get_metric" => {
                let id = usize::try_from(self.number(0)?)?;
                let value = self.caller.data().metrics.get(id).copied().unwrap_or(0);
                self.put(self.number(1)?, &value.to_le_bytes())
            }
            "proxy_increment_metric" => {
                let id = usize::try_from(self.number(0)?)?;
                let Some(Val::I64(amount)) = self.arguments.get(1) else { bail!("no amount") };
                if let Some(value) = self.state().metrics.get_mut(id) {
                    *value = value.wrapping_add_signed(*amount);
                }
                Ok(OK)
            }
            "proxy_continue_stream" => {
                self.state().resumed = true;
                Ok(OK)
            }
            "proxy_record_metric" | "proxy_set_tick_period_milliseconds" | "proxy_set_effective_context" => {
                Ok(OK)
            }
            "proxy_get_property" => Ok(NOT_FOUND),
            "environ_sizes_get" => {
                self.put_u32(0, 0)?;
                self.put_u32(1, 0)
            }
            "environ_get" => Ok(0),
            "clock_time_get" => {
                let now = self.state().now;
                self.put(self.number(2)?, &now.to_le_bytes())
            }
            "random_get" => {
                let (at, length) = (self.number(0)?, usize::try_from(self.number(1)?)?);
                let random = self.caller.data().random.wrapping_add(1);
                self.state().random = random;
                let seed = random.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(length).collect();
                self.put(at, &bytes)
            }
            "fd_write" => {
                // What a panic says before it traps.
                let (list, count) = (self.number(1)?, self.number(2)?);
                let mut written = 0_u32;
                for index in 0..count {
                    let pair = self.read(list.saturating_add(index.saturating_mul(8)), 8)?;
                    let [Some(at), Some(length)] = [0, 4].map(|start| {
                        let bytes = pair.get(start..).and_then(|bytes| bytes.first_chunk().copied());
                        bytes.map(u32::from_le_bytes)
                    }) else {
                        bail!("half a pair")
                    };
                    let text = String::from_utf8_lossy(&self.read(at, length)?).into_owned();
                    self.state().log.push(text);
                    written = written.saturating_add(length);
                }
                self.put_u32(3, written)
            }
            "proc_exit" => bail!("the module ended itself"),
            // Imported because the SDK has a function for it, and never called.
            _ => Ok(INTERNAL_FAILURE),
        }
    }

    fn state(&mut self) -> &mut State {
        self.caller.data_mut()
    }

    fn number(&self, index: usize) -> Result<u32> {
        match self.arguments.get(index) {
            Some(Val::I32(number)) => Ok(number.cast_unsigned()),
            other => bail!("argument {index} is {other:?}"),
        }
    }

    fn read(&self, at: u32, length: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length)?];
        self.memory.read(&self.caller, usize::try_from(at)?, &mut bytes)?;
        Ok(bytes)
    }

    /// The bytes that two arguments name: where, and how many.
    fn bytes(&self, index: usize) -> Result<Vec<u8>> {
        self.read(self.number(index)?, self.number(index.wrapping_add(1))?)
    }

    fn put(&mut self, at: u32, bytes: &[u8]) -> Result<i32> {
        self.memory.write(&mut self.caller, usize::try_from(at)?, bytes)?;
        Ok(OK)
    }

    /// Writes a number where an argument points.
    fn put_u32(&mut self, index: usize, number: u32) -> Result<i32> {
        self.put(self.number(index)?, &number.to_le_bytes())
    }

    /// Hands bytes over in memory that the module allocates, and says in two arguments where, and how many.
    fn give(&mut self, index: usize, bytes: &[u8]) -> Result<i32> {
        let Some(Extern::Func(allocate)) = self.caller.get_export("proxy_on_memory_allocate") else {
            bail!("the module allocates no memory");
        };
        let mut room = [Val::I32(0)];
        allocate.call(&mut self.caller, &[Val::I32(i32::try_from(bytes.len())?)], &mut room)?;
        let [Val::I32(at)] = room else { bail!("no room") };
        self.put(at.cast_unsigned(), bytes)?;
        self.put_u32(index, at.cast_unsigned())?;
        self.put_u32(index.wrapping_add(1), u32::try_from(bytes.len())?)
    }

    fn with_request(&mut self, change: impl FnOnce(&mut Headers)) -> Result<i32> {
        change(self.state().request.get_or_insert_default());
        Ok(OK)
    }
}

/// A header map as it crosses the ABI.
fn wire_form(map: &Headers) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = length(map.len()).to_vec();
    for (name, value) in map {
        bytes.extend([length(name.len()), length(value.len())].concat());
    }
    for (name, value) in map {
        bytes.extend([name.as_slice(), b"\0", value, b"\0"].concat());
    }
    bytes
}
