//! A host for the module that ships, in an interpreter: the proxy-wasm ABI as far as the filter uses it. Where it traps
//! the call fails, as the VM would in Envoy.

use anyhow::{Context, Result, bail};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use std::collections::BTreeMap;
use wasmi::{Caller, Engine, Extern, ExternType, Instance, Linker, Memory, Module, Store, Val};

/// What every request is decided at: seconds since 1970.
pub(crate) const NOW: u64 = 1_767_225_600;

pub(crate) type Headers = Vec<(Vec<u8>, Vec<u8>)>;

const OK: i32 = 0;
const NOT_FOUND: i32 = 1;
const BAD_ARGUMENT: i32 = 2;
const CAS_MISMATCH: i32 = 8;
const INTERNAL_FAILURE: i32 = 10;

/// What the host holds, as far as the module can see it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) configuration: Vec<u8>,
    pub(crate) request: Option<Headers>,
    pub(crate) reply: Option<u32>,
    pub(crate) resumed: bool,
    pub(crate) filter_state: BTreeMap<String, Vec<u8>>,
    pub(crate) shared: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    pub(crate) calls: Vec<u32>,
    pub(crate) answer: (Headers, Vec<u8>),
    pub(crate) log: Vec<String>,
    pub(crate) now: u64,
    metrics: Vec<u64>,
    random: u64,
    called: u32,
}

/// The module in a VM of its own.
pub(crate) struct Vm {
    pub(crate) store: Store<State>,
    instance: Instance,
}

impl Vm {
    pub(crate) fn start() -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, std::fs::read(attache_e2e::module()?)?)?;
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
        let mut store = Store::new(&engine, State { now: NOW * 1_000_000_000, ..State::default() });
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        let mut vm = Self { store, instance };
        vm.call("_initialize", &[])?;
        Ok(vm)
    }

    /// A VM with a root context that has this configuration.
    pub(crate) fn configured(document: &str) -> Result<Self> {
        let mut vm = Self::start()?;
        vm.call("proxy_on_context_create", &[1, 0])?;
        vm.call("proxy_on_vm_start", &[1, 0])?;
        anyhow::ensure!(vm.configure(document.as_bytes())?, "refused: {:?}", vm.store.data().log);
        Ok(vm)
    }

    pub(crate) fn configure(&mut self, document: &[u8]) -> Result<bool> {
        self.store.data_mut().configuration = document.to_vec();
        let size = i32::try_from(document.len())?;
        Ok(self.call("proxy_on_configure", &[1, size])? == 1)
    }

    /// Calls one of the module's functions; an error is a trap.
    pub(crate) fn call(&mut self, name: &str, arguments: &[i32]) -> Result<i32> {
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
    pub(crate) fn request(&mut self, context: i32, headers: &Headers) -> Result<(bool, Headers)> {
        self.call("proxy_on_context_create", &[context, 1])?;
        let goes_on = self.headers(context, headers)?;
        let seen = self.store.data_mut().request.take().unwrap_or_default();
        self.call("proxy_on_delete", &[context])?;
        Ok((goes_on, seen))
    }

    /// Hands a request's headers to a context that is there.
    pub(crate) fn headers(&mut self, context: i32, headers: &Headers) -> Result<bool> {
        let state = self.store.data_mut();
        (state.request, state.reply, state.resumed) = (Some(headers.clone()), None, false);
        state.filter_state.clear();
        let count = i32::try_from(headers.len())?;
        Ok(self.call("proxy_on_request_headers", &[context, count, 1])? == 0)
    }

    pub(crate) fn reason(&self) -> Option<String> {
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
                let part = whole[start..end].to_vec();
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
                self.state().shared.insert(key, (value, present.unwrap_or(0) + 1));
                Ok(OK)
            }
            "proxy_send_local_response" => {
                let status = self.number(0)?;
                self.state().reply = Some(status);
                Ok(OK)
            }
            "proxy_http_call" => {
                self.state().called += 1;
                let call = self.caller.data().called;
                self.state().calls.push(call);
                self.put_u32(9, call)
            }
            "proxy_call_foreign_function" => {
                let good = verify(&self.bytes(2)?).unwrap_or(false);
                self.give(4, &[8, u8::from(good)])
            }
            "proxy_define_metric" => {
                self.state().metrics.push(0);
                let id = u32::try_from(self.caller.data().metrics.len() - 1)?;
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
                self.state().random += 1;
                let seed = self.caller.data().random.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let bytes: Vec<u8> = seed.to_le_bytes().into_iter().cycle().take(length).collect();
                self.put(at, &bytes)
            }
            "fd_write" => {
                // What a panic says before it traps.
                let (list, count) = (self.number(1)?, self.number(2)?);
                let mut written = 0;
                for index in 0..count {
                    let pair = self.read(list + index * 8, 8)?;
                    let at = u32::from_le_bytes(pair[..4].try_into()?);
                    let length = u32::from_le_bytes(pair[4..].try_into()?);
                    let text = String::from_utf8_lossy(&self.read(at, length)?).into_owned();
                    self.state().log.push(text);
                    written += length;
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
        self.read(self.number(index)?, self.number(index + 1)?)
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
        self.put_u32(index + 1, u32::try_from(bytes.len())?)
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

/// Envoy's `verify_signature`, for P-256: four fields of protobuf, all of them bytes.
fn verify(mut argument: &[u8]) -> Option<bool> {
    let mut fields = Vec::new();
    while let Some((_, mut rest)) = argument.split_first() {
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let (&byte, after) = rest.split_first()?;
            rest = after;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (field, after) = rest.split_at_checked(length)?;
        fields.push(field);
        argument = after;
    }
    let [_, spki, signature, text] = fields.as_slice() else { return None };
    let point = spki.last_chunk::<65>()?;
    Some(UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(text, signature).is_ok())
}
