//! The global object `host`: the machine, as `packages/adapter/platforms/native/host.ts` declares it. Everything here
//! converts arguments and results; what is done is done in the other modules.

mod quick;

use crate::bundles;
use crate::bytes;
use crate::compression::Compressor;
use crate::failure::Failure;
use crate::http;
use crate::json;
use crate::machine::Machine;
use crate::names::Names;
use crate::sockets::Arrived;
use rquickjs::function::{IntoJsFunc, MutFn, Opt};
use rquickjs::{
    Array, Ctx, Error, Exception, Function, IntoJs, Object, Persistent, Result, String, TypedArray, Value,
};
use std::env;
use std::rc::Rc;
use std::slice;
use std::time::{SystemTime, UNIX_EPOCH};

type Bytes<'js> = TypedArray<'js, u8>;
type Text = std::string::String;

pub fn install<'js>(ctx: &Ctx<'js>, machine: &Rc<Machine>) -> Result<()> {
    let host = Object::new(ctx.clone())?;
    let environment = Object::new(ctx.clone())?;
    for (name, value) in env::vars_os() {
        environment.set(name.to_string_lossy().as_ref(), value.to_string_lossy().as_ref())?;
    }
    host.set("env", environment)?;
    define(&host, "later", |ctx: Ctx<'js>| bundles::read_later(&ctx))?;
    conversions(&host)?;
    syntax(&host)?;
    define(&host, "compress", compress)?;
    define(&host, "compressor", compressor)?;
    connections(&host, machine)?;
    process(&host, machine)?;
    ctx.globals().set("host", host)
}

fn define<'js, P, F: IntoJsFunc<'js, P> + 'js>(host: &Object<'js>, name: &str, function: F) -> Result<()> {
    host.set(name, Function::new(host.ctx().clone(), function)?)
}

/// The functions of `Codec`.
fn conversions<'js>(host: &Object<'js>) -> Result<()> {
    define(host, "utf8Encode", |ctx: Ctx<'js>, text: String<'js>| {
        Bytes::new(ctx, bytes::well_formed(with_text(text, <[u8]>::to_vec)?))
    })?;
    define(host, "utf8Decode", |ctx: Ctx<'js>, bytes: Bytes<'js>| {
        with_bytes(&bytes, |bytes| String::from_str(ctx, &std::string::String::from_utf8_lossy(bytes)))
    })?;
    define(host, "isUtf8", |bytes: Bytes<'js>| {
        with_bytes(&bytes, |bytes| std::str::from_utf8(bytes).is_ok())
    })?;
    define(host, "latin1Decode", |bytes: Bytes<'js>| with_bytes(&bytes, bytes::latin1_decode))?;
    define(host, "base64Encode", |ctx: Ctx<'js>, bytes: Bytes<'js>| {
        Bytes::new(ctx, with_bytes(&bytes, bytes::base64_encode))
    })?;
    define(host, "base64Decode", |ctx: Ctx<'js>, text: String<'js>| {
        optional(ctx, with_text(text, bytes::base64_decode)?)
    })?;
    define(host, "jsonString", |ctx: Ctx<'js>, bytes: Bytes<'js>| {
        optional(ctx, with_bytes(&bytes, bytes::json_string))
    })
}

/// The twins of modules of `packages/wire`.
fn syntax<'js>(host: &Object<'js>) -> Result<()> {
    define(host, "isToken", |text: String<'js>| with_text(text, http::is_token))?;
    define(host, "isFieldValue", |text: String<'js>| with_text(text, http::is_field_value))?;
    define(host, "plainHead", plain_head)?;
    define(host, "sliceMember", slice_member)?;
    define(host, "isJson", |bytes: Bytes<'js>| {
        with_bytes(&bytes, |bytes| json::is_value(bytes) && std::str::from_utf8(bytes).is_ok())
    })?;
    quick::install(host)
}

fn plain_head<'js>(ctx: Ctx<'js>, bytes: Bytes<'js>, from: usize, limits: Object<'js>) -> Result<Value<'js>> {
    let (head_bytes, max_fields) = (limits.get("headBytes")?, limits.get("fields")?);
    // Copied, because making its strings asks the engine for memory.
    let end = |bytes: &[u8]| {
        bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| bytes[..at + 4].to_vec())
    };
    let Some(section) = with_bytes(&bytes, |bytes| bytes.get(from..).and_then(end)) else {
        return Ok(Value::new_undefined(ctx));
    };
    let Some(plain) = http::plain_head(&section, head_bytes, max_fields) else {
        return Ok(Value::new_undefined(ctx));
    };
    let fields = Array::new(ctx.clone())?;
    for (index, (name, value)) in plain.fields.iter().enumerate() {
        let field = Array::new(ctx.clone())?;
        field.set(0, *name)?;
        field.set(1, *value)?;
        fields.set(index, field)?;
    }
    let head = Object::new(ctx)?;
    head.set("first", plain.first)?;
    head.set("fields", fields)?;
    head.set("end", from + plain.end)?;
    Ok(head.into_value())
}

fn slice_member<'js>(ctx: Ctx<'js>, text: String<'js>, key: String<'js>) -> Result<Value<'js>> {
    let key = with_text(key, <[u8]>::to_vec)?;
    let member = with_text(text, |text| http::slice_member(text, &key).map(|range| text[range].to_vec()))?;
    match member {
        Some(member) => {
            String::from_str(ctx, &std::string::String::from_utf8_lossy(&member)).map(String::into_value)
        }
        None => Ok(Value::new_undefined(ctx)),
    }
}

fn compress<'js>(ctx: Ctx<'js>, coding: std::string::String, bytes: Bytes<'js>) -> Result<Bytes<'js>> {
    let compressor = compressor_of(&ctx, &coding)?;
    let output = with_bytes(&bytes, |bytes| compressor.end(bytes));
    Bytes::new(ctx.clone(), output.map_err(|error| throw(&ctx, Failure::new("compress", &error)))?)
}

/// A function that compresses each piece it is given, and ends without one. What it holds goes with the function, so
/// a body that is broken off leaves nothing behind.
fn compressor<'js>(ctx: Ctx<'js>, coding: std::string::String) -> Result<Function<'js>> {
    let mut compressor = Some(compressor_of(&ctx, &coding)?);
    Function::new(
        ctx,
        MutFn::new(move |ctx: Ctx<'js>, Opt(bytes): Opt<Bytes<'js>>| {
            let output = match (bytes, compressor.as_mut()) {
                (Some(bytes), Some(compressor)) => with_bytes(&bytes, |bytes| compressor.write(bytes)),
                (None, Some(_)) => compressor.take().map_or(Ok(Vec::new()), |compressor| compressor.end(&[])),
                (_, None) => Ok(Vec::new()),
            };
            Bytes::new(ctx.clone(), output.map_err(|error| throw(&ctx, Failure::new("compress", &error)))?)
        }),
    )
}

fn compressor_of(ctx: &Ctx<'_>, coding: &str) -> Result<Compressor> {
    Compressor::of(coding).ok_or_else(|| Exception::throw_range(ctx, &format!("no content coding: {coding}")))
}

fn connections<'js>(host: &Object<'js>, machine: &Rc<Machine>) -> Result<()> {
    let m = Rc::clone(machine);
    define(host, "connect", move |name: std::string::String, port: u16| {
        let mut sockets = m.sockets.borrow_mut();
        let (id, serial) = sockets.add();
        match Names::known(&name, port) {
            Some(addresses) => sockets.resolved(id, serial, Ok(addresses)),
            None => m.names.ask((id, serial), name, port),
        }
        id
    })?;
    let m = Rc::clone(machine);
    define(host, "connectUnix", move |path: std::string::String| {
        let mut sockets = m.sockets.borrow_mut();
        let (id, _) = sockets.add();
        sockets.lead(id, path.into());
        id
    })?;
    let m = Rc::clone(machine);
    define(host, "connected", move |ctx: Ctx<'js>, id: usize| {
        m.sockets.borrow_mut().progress(id).map_err(|failure| throw(&ctx, failure))
    })?;
    let m = Rc::clone(machine);
    define(host, "read", move |ctx: Ctx<'js>, id: usize| -> Result<Value<'js>> {
        match m.sockets.borrow_mut().read(id) {
            Ok(Arrived::Bytes(bytes)) => Bytes::new_copy(ctx, bytes).map(Bytes::into_value),
            Ok(Arrived::End) => Ok(Value::new_null(ctx)),
            Ok(Arrived::Nothing) => Ok(Value::new_undefined(ctx)),
            Err(failure) => Err(throw(&ctx, failure)),
        }
    })?;
    let m = Rc::clone(machine);
    define(host, "readInto", move |ctx: Ctx<'js>, id: usize, bytes: Bytes<'js>, at: usize| -> Result<i32> {
        let Some(mut raw) = bytes.as_raw() else {
            return Ok(-1);
        };
        // SAFETY: as in `whole_response`.
        let place = unsafe { raw.as_mut() }.get_mut(at..).unwrap_or_default();
        match m.sockets.borrow_mut().read_into(id, place) {
            Ok(Some(length)) => Ok(i32::try_from(at + length).unwrap_or(-1)),
            Ok(None) => Ok(-1),
            Err(failure) => Err(throw(&ctx, failure)),
        }
    })?;
    let m = Rc::clone(machine);
    define(host, "write", move |ctx: Ctx<'js>, id: usize, pieces: Array<'js>, skip: usize| {
        let pieces = pieces.iter::<Bytes<'js>>().collect::<Result<Vec<_>>>()?;
        // SAFETY: until the slices are dropped no JavaScript runs that could change or free what they point to: the
        // last thing the engine is asked for is `as_bytes` itself, and `pieces` holds the arrays.
        let slices: Vec<&[u8]> =
            pieces.iter().map(|piece| unsafe { piece.as_bytes() }.unwrap_or_default()).collect();
        let taken = m.sockets.borrow_mut().write(id, &slices, skip);
        taken.map_err(|failure| throw(&ctx, failure))
    })?;
    let m = Rc::clone(machine);
    define(host, "close", move |id: usize| m.sockets.borrow_mut().close(id))
}

fn process<'js>(host: &Object<'js>, machine: &Rc<Machine>) -> Result<()> {
    let m = Rc::clone(machine);
    define(host, "listen", move |ctx: Ctx<'js>, handler: Function<'js>| {
        m.handler.replace(Some(Persistent::save(&ctx, handler)));
    })?;
    let m = Rc::clone(machine);
    define(host, "catchTerminate", move |ctx: Ctx<'js>| {
        m.catch_terminate().map_err(|error| throw(&ctx, Failure::new("SIGTERM", &error)))
    })?;
    let m = Rc::clone(machine);
    define(
        host,
        "run",
        move |ctx: Ctx<'js>, file: std::string::String, arguments: Vec<std::string::String>| {
            m.programs.start(&file, &arguments).map_err(|failure| throw(&ctx, failure))
        },
    )?;
    let m = Rc::clone(machine);
    define(host, "after", move |ms: f64| m.timers.borrow_mut().add(ms, std::time::Instant::now()))?;
    let m = Rc::clone(machine);
    define(host, "cancel", move |id: u32| m.timers.borrow_mut().cancel(id))?;
    define(host, "wall", || {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_micros() as f64 / 1000.0)
    })?;
    let m = Rc::clone(machine);
    define(host, "monotonic", move || m.started.elapsed().as_micros() as f64 / 1000.0)?;
    define(host, "print", |text: String<'js>| {
        crate::machine::print(&bytes::well_formed(with_text(text, <[u8]>::to_vec)?));
        Ok::<_, Error>(())
    })?;
    define(host, "exit", |code: i32| -> () { std::process::exit(code) })
}

fn optional<'js>(ctx: Ctx<'js>, bytes: Option<Vec<u8>>) -> Result<Value<'js>> {
    match bytes {
        Some(bytes) => Bytes::new(ctx, bytes).map(Bytes::into_value),
        None => Ok(Value::new_undefined(ctx)),
    }
}

/// An `Error` with a `code`, as the callers of `Platform` expect it.
fn throw(ctx: &Ctx<'_>, failure: Failure) -> Error {
    let error = Exception::from_message(ctx.clone(), &failure.message).and_then(|exception| {
        exception.set("code", failure.code)?;
        exception.into_js(ctx)
    });
    error.map_or_else(|error| error, |value| ctx.throw(value))
}

fn with_bytes<R>(array: &Bytes<'_>, take: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: none of the functions given here runs JavaScript, which alone could change or free the memory.
    take(unsafe { array.as_bytes() }.unwrap_or_default())
}

/// The text as UTF-8 but for lone surrogates, which stand as the three bytes of their code point.
fn with_text<R>(text: String<'_>, take: impl FnOnce(&[u8]) -> R) -> Result<R> {
    let text = text.to_cstring()?;
    // SAFETY: pointer and length are those of the engine's own copy, alive as long as `text`. `as_str` would take
    // the bytes for valid UTF-8, which lone surrogates are not.
    Ok(take(unsafe { slice::from_raw_parts(text.as_ptr().cast::<u8>(), text.len()) }))
}
