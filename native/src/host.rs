//! The global object `host`: the machine, as `packages/adapter/platforms/native/host.ts` declares it. Everything here
//! converts arguments and results; what is done is done in the other modules.

use crate::bundles;
use crate::bytes;
use crate::compression::Compressor;
use crate::failure::Failure;
use crate::http;
use crate::json;
use crate::machine::Machine;
use crate::messages::{self, AnswerRules, BodyForm, Given, Members, RequestRules, Shape};
use crate::names::Names;
use crate::relay::{self, Answer, Kind, Plan, Relay, Template};
use crate::sockets::Arrived;
use rquickjs::function::{IntoJsFunc, MutFn, Opt};
use rquickjs::{
    Array, Ctx, Error, Exception, Function, IntoJs, Object, Persistent, Result, String, TypedArray, Value,
};
use std::borrow::Cow;
use std::cell::RefCell;
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
    define(host, "wholeResponse", whole_response)?;
    define(host, "fieldValues", field_values)?;
    define(host, "jsonSketch", json_sketch)?;
    define(host, "quickRequest", quick_request)?;
    define(host, "quickAnswer", quick_answer)?;
    define(host, "relay", relay)
}

fn whole_response<'js>(
    bytes: Bytes<'js>,
    bodiless: bool,
    head_bytes: usize,
    max_fields: usize,
    out: TypedArray<'js, i32>,
) -> bool {
    let Some(mut raw) = bytes.as_raw() else {
        return false;
    };
    // SAFETY: the array's memory, which only JavaScript could change or free, and none runs here.
    let found = messages::whole_response(unsafe { raw.as_mut() }, bodiless, head_bytes, max_fields);
    found.is_some_and(|whole| {
        let numbers = [whole.fields.start, whole.fields.end, whole.body.start, whole.body.end];
        let facts = [usize::from(whole.status), usize::from(whole.reusable)];
        write_numbers(&out, facts.into_iter().chain(numbers))
    })
}

/// Puts numbers into an array of JavaScript's. `false` when they do not fit.
fn write_numbers(out: &TypedArray<'_, i32>, numbers: impl Iterator<Item = usize>) -> bool {
    let Some(mut raw) = out.as_raw() else {
        return false;
    };
    // SAFETY: as in `whole_response`; the bytes are taken as bytes, so their place need not be that of a number.
    let mut places = unsafe { raw.as_mut() }.chunks_exact_mut(size_of::<i32>());
    for number in numbers {
        let (Some(place), Ok(number)) = (places.next(), i32::try_from(number)) else {
            return false;
        };
        place.copy_from_slice(&number.to_ne_bytes());
    }
    true
}

/// A function that gives the values of these fields.
fn field_values<'js>(ctx: Ctx<'js>, names: Vec<Text>) -> Result<Function<'js>> {
    let names = messages::Names::new(names);
    Function::new(ctx, move |ctx: Ctx<'js>, section: Bytes<'js>| -> Result<Value<'js>> {
        // Copied, because making strings asks the engine for memory.
        let section = with_bytes(&section, <[u8]>::to_vec);
        let Some(values) = messages::field_values(&section, &names) else {
            return Ok(Value::new_undefined(ctx));
        };
        let list = Array::new(ctx)?;
        for (index, value) in values.into_iter().enumerate() {
            list.set(index, value)?;
        }
        Ok(list.into_value())
    })
}

/// A larger sketch is no sketch.
const MAX_REMEMBERED_BYTES: usize = 16 * 1024;

/// A function that parses an object without the values of the `emptied` members; it gives their places and those of the
/// `found` ones. What looks the same as the time before is the same object.
fn json_sketch<'js>(ctx: Ctx<'js>, emptied: Vec<Text>, found: Vec<Text>) -> Result<Function<'js>> {
    let count = emptied.len();
    let paths: Vec<json::Path> = emptied.iter().chain(&found).map(|path| json::Path::new(path)).collect();
    let mut last: Option<(Vec<u8>, Persistent<Value<'static>>)> = None;
    Function::new(
        ctx,
        MutFn::new(
            move |ctx: Ctx<'js>, bytes: Bytes<'js>, out: TypedArray<'js, i32>| -> Result<Value<'js>> {
                let sketch = with_bytes(&bytes, |bytes| {
                    std::str::from_utf8(bytes).ok()?;
                    json::sketch(bytes, &paths, count)
                });
                let Some(sketch) = sketch else {
                    return Ok(Value::new_undefined(ctx));
                };
                // An absent member has an empty place, where no value stands.
                let numbers = sketch
                    .ranges
                    .into_iter()
                    .flat_map(|range| range.map_or([0, 0], |range| [range.start, range.end]));
                if !write_numbers(&out, numbers) {
                    return Ok(Value::new_undefined(ctx));
                }
                if let Some((text, value)) = &last
                    && *text == sketch.text
                {
                    return value.clone().restore(&ctx);
                }
                let value = ctx.json_parse(sketch.text.clone())?;
                last = (sketch.text.len() <= MAX_REMEMBERED_BYTES)
                    .then(|| (sketch.text, Persistent::save(&ctx, value.clone())));
                Ok(value)
            },
        ),
    )
}

/// A function that writes requests by these rules.
fn quick_request<'js>(ctx: Ctx<'js>, rules: Object<'js>) -> Result<Function<'js>> {
    let rules = request_rules(&rules)?;
    Function::new(
        ctx,
        move |ctx: Ctx<'js>,
              bytes: Bytes<'js>,
              numbers: TypedArray<'js, i32>,
              line: String<'js>,
              superseded: String<'js>,
              before: String<'js>,
              behind: String<'js>| {
            let line = with_text(line, <[u8]>::to_vec)?;
            let superseded = with_text(superseded, <[u8]>::to_vec)?;
            let mut more = with_text(before, <[u8]>::to_vec)?;
            let behind = with_text(behind, <[u8]>::to_vec)?;
            let numbers = read_numbers(&numbers);
            let request = with_bytes(&bytes, |bytes| {
                let [form, bodiless, max_quoted, encoded] = *numbers.first_chunk()?;
                let range = |index: usize| match *numbers.get(4 + 2 * index..)?.first_chunk()? {
                    [start, end] if start < end && end <= bytes.len() => Some(start..end),
                    _ => None,
                };
                let quoted = range(numbers.len() / 2 - 3).map_or(&b"null"[..], |range| &bytes[range]);
                if quoted.len() > max_quoted || !quoted.iter().all(|byte| (0x20..0x7F).contains(byte)) {
                    return None;
                }
                more.extend_from_slice(quoted);
                more.extend_from_slice(&behind);
                let space = line.iter().position(|&byte| byte == b' ')?;
                let target = match &line[space + 1..] {
                    b"" => Cow::Owned(messages::verbatim_target(bytes, range(4)?, range(5), encoded == 1)?),
                    target => Cow::Borrowed(target),
                };
                let given = Given {
                    method: &line[..space],
                    target,
                    form: form_of(form),
                    superseded: &superseded,
                    more,
                    bodiless: bodiless == 1,
                };
                let members =
                    Members { lists: range(0), singles: range(1), joined: range(2), body: range(3) };
                messages::plain_request(bytes, &members, &rules, &given)
            });
            optional(ctx, request)
        },
    )
}

fn request_rules(rules: &Object<'_>) -> Result<RequestRules> {
    Ok(RequestRules {
        dropped: messages::Names::new(rules.get::<_, Vec<Text>>("dropped")?),
        dropped_prefix: text_of(rules, "droppedPrefix")?,
        joined: text_of(rules, "joined")?,
        superseded: text_of(rules, "superseded")?,
        max_fields: rules.get("maxFields")?,
    })
}

fn answer_rules(rules: &Object<'_>) -> Result<AnswerRules> {
    Ok(AnswerRules {
        dropped: messages::Names::new(rules.get::<_, Vec<Text>>("dropped")?),
        shape: if rules.get("lists")? { Shape::Lists } else { Shape::Joined },
        separate: text_of(rules, "separate")?,
        body: text_of(rules, "body")?,
        flag: text_of(rules, "flag")?,
        apart: rules.get::<_, Option<Text>>("apart")?.map(Text::into_bytes),
        max_fields: rules.get("maxFields")?,
    })
}

fn text_of(object: &Object<'_>, name: &str) -> Result<Vec<u8>> {
    object.get::<_, Text>(name).map(Text::into_bytes)
}

fn form_of(number: usize) -> BodyForm {
    match number {
        0 => BodyForm::Text,
        1 => BodyForm::Base64,
        _ => BodyForm::Raw,
    }
}

fn read_numbers(array: &TypedArray<'_, i32>) -> Vec<usize> {
    let Some(raw) = array.as_raw() else {
        return Vec::new();
    };
    // SAFETY: as in `whole_response`.
    let bytes = unsafe { raw.as_ref() };
    bytes
        .chunks_exact(size_of::<i32>())
        .map(|bytes| {
            bytes.try_into().map_or(0, |bytes| usize::try_from(i32::from_ne_bytes(bytes)).unwrap_or(0))
        })
        .collect()
}

/// A function that writes answers by these rules.
fn quick_answer<'js>(ctx: Ctx<'js>, rules: Object<'js>) -> Result<Function<'js>> {
    let rules = answer_rules(&rules)?;
    Function::new(
        ctx,
        move |ctx: Ctx<'js>,
              before: String<'js>,
              section: Bytes<'js>,
              body: Bytes<'js>|
              -> Result<Value<'js>> {
            let answer = with_text(before, |before| {
                with_bytes(&section, |section| {
                    with_bytes(&body, |body| messages::plain_answer(before, section, body, &rules))
                })
            })?;
            optional(ctx, answer)
        },
    )
}

/// An object with the functions of `Relay` (`packages/wire/src/quick.ts`).
fn relay<'js>(ctx: Ctx<'js>, rules: Object<'js>) -> Result<Object<'js>> {
    let paths: Vec<Text> = rules.get("paths")?;
    let relay = Rc::new(RefCell::new(Relay::new(relay::Rules {
        paths: paths.iter().map(|path| json::Path::new(path)).collect(),
        names: messages::Names::new(rules.get::<_, Vec<Text>>("names")?),
        number: rules.get("number")?,
        request: request_rules(&rules.get("request")?)?,
    })));
    let object = Object::new(ctx)?;
    let r = Rc::clone(&relay);
    define(&object, "learn", move |event: Bytes<'js>, plan: Object<'js>| -> Result<()> {
        let plan = plan_of(&plan)?;
        with_bytes(&event, |event| r.borrow_mut().learn(event, plan));
        Ok(())
    })?;
    let r = Rc::clone(&relay);
    define(&object, "request", move |ctx: Ctx<'js>, bytes: Bytes<'js>| {
        optional(ctx, with_bytes(&bytes, |bytes| r.borrow_mut().request(bytes)))
    })?;
    let r = Rc::clone(&relay);
    define(&object, "answer", move |ctx: Ctx<'js>, bytes: Bytes<'js>| {
        optional(ctx, with_bytes(&bytes, |bytes| r.borrow_mut().answer(bytes)))
    })?;
    define(&object, "missing", |bytes: Bytes<'js>| with_bytes(&bytes, Relay::missing))?;
    let r = Rc::clone(&relay);
    define(&object, "call", move |ctx: Ctx<'js>| Bytes::new_copy(ctx, r.borrow().call()))?;
    define(&object, "isTaken", |bytes: Bytes<'js>| with_bytes(&bytes, Relay::is_taken))?;
    let r = Rc::clone(&relay);
    define(&object, "tag", move || r.borrow().tag())?;
    define(&object, "number", move || relay.borrow().number())?;
    Ok(object)
}

fn plan_of(plan: &Object<'_>) -> Result<Plan> {
    let template = |name: &str| -> Result<Template> {
        let template: Object<'_> = plan.get(name)?;
        let literals: Vec<Text> = template.get("literals")?;
        Ok(Template {
            literals: literals.into_iter().map(Text::into_bytes).collect(),
            fields: template.get("fields")?,
        })
    };
    let kinds: Vec<u8> = plan.get("kinds")?;
    let superseding: Option<usize> = plan.get("superseding")?;
    let answer: Option<Object<'_>> = plan.get("answer")?;
    let (least, most): (u16, u16) = (plan.get("leastStatus")?, plan.get("mostStatus")?);
    Ok(Plan {
        tag: plan.get("tag")?,
        kinds: kinds.into_iter().map(kind_of).collect(),
        cleared: plan.get("cleared")?,
        is_whole: plan.get("isWhole")?,
        form: form_of(plan.get("form")?),
        bodiless: plan.get("bodiless")?,
        // More than any event has; a number of JavaScript's may be larger.
        max_quoted: plan.get::<_, f64>("maxQuoted")? as usize,
        encoded: plan.get("encoded")?,
        method: text_of(plan, "method")?,
        target: text_of(plan, "target")?,
        superseding: match superseding {
            Some(field) => Some((field, text_of(plan, "beginning")?)),
            None => None,
        },
        before: template("before")?,
        behind: template("behind")?,
        call: template("call")?,
        answer: match answer {
            Some(answer) => Answer::Object {
                before: text_of(&answer, "before")?,
                behind: text_of(&answer, "behind")?,
                rules: answer_rules(&answer.get("rules")?)?,
            },
            None => Answer::Body,
        },
        statuses: least..most + 1,
        max_bytes: plan.get("maxBytes")?,
    })
}

fn kind_of(number: u8) -> Kind {
    match number {
        0 => Kind::Absent,
        1 => Kind::Word,
        2 => Kind::Number,
        _ => Kind::Text,
    }
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
