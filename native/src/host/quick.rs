//! The quick ways (`packages/wire/src/quick.ts`), whole steps from bytes to bytes: their rules and numbers read, their results
//! given.

use super::{Bytes, Text, define, optional, with_bytes, with_text};
use crate::json;
use crate::messages::answers::{AnswerRules, Shape, plain_answer};
use crate::messages::requests::{BodyForm, Given, Members, RequestRules, Target, plain_request};
use crate::messages::targets::TargetForm;
use crate::messages::{self, Names, responses};
use crate::relay::{self, Answer, Descriptions, Kind, Plan, Relay, Template};
use rquickjs::function::MutFn;
use rquickjs::{Array, Ctx, Function, Object, Persistent, Result, String, TypedArray, Value};
use std::cell::RefCell;
use std::rc::Rc;

pub fn install<'js>(host: &Object<'js>) -> Result<()> {
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
    let found = responses::whole_response(unsafe { raw.as_mut() }, bodiless, head_bytes, max_fields);
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
    let names = Names::new(names);
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
                let [form, bodiless, max_quoted, target_form] = *numbers.first_chunk()?;
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
                let given = Given {
                    method: &line[..space],
                    target: match &line[space + 1..] {
                        b"" => Target::InPlace(target_form_of(target_form)),
                        target => Target::Given(target),
                    },
                    form: form_of(form),
                    superseded: &superseded,
                    more,
                    bodiless: bodiless == 1,
                };
                plain_request(bytes, &Members::of(range), &rules, &given)
            });
            optional(ctx, request)
        },
    )
}

fn request_rules(rules: &Object<'_>) -> Result<RequestRules> {
    Ok(RequestRules {
        dropped: Names::new(rules.get::<_, Vec<Text>>("dropped")?),
        dropped_prefix: text_of(rules, "droppedPrefix")?,
        joined: text_of(rules, "joined")?,
        superseded: text_of(rules, "superseded")?,
        beginning: text_of(rules, "beginning")?,
        aside: text_of(rules, "aside")?,
        base_path: text_of(rules, "basePath")?,
        max_fields: rules.get("maxFields")?,
    })
}

fn answer_rules(rules: &Object<'_>) -> Result<AnswerRules> {
    Ok(AnswerRules {
        dropped: Names::new(rules.get::<_, Vec<Text>>("dropped")?),
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

fn target_form_of(number: usize) -> TargetForm {
    match number {
        0 => TargetForm::DecodedPath,
        1 => TargetForm::EncodedPath,
        2 => TargetForm::DecodedParameters,
        _ => TargetForm::EncodedParameters,
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
                    with_bytes(&body, |body| plain_answer(before, section, body, &rules))
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
        names: Names::new(rules.get::<_, Vec<Text>>("names")?),
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
        method: text_of(plan, "method")?,
        target: plan.get::<_, Option<Text>>("target")?.map(Text::into_bytes),
        target_form: target_form_of(plan.get("targetForm")?),
        superseding: plan.get("superseding")?,
        before: template("before")?,
        behind: template("behind")?,
        call: template("call")?,
        answer: answer.map(|answer| answer_of(&answer)).transpose()?,
        statuses: least..most + 1,
        max_bytes: plan.get("maxBytes")?,
    })
}

fn answer_of(answer: &Object<'_>) -> Result<Answer> {
    let descriptions: Option<Object<'_>> = answer.get("descriptions")?;
    let read = |object: Object<'_>| -> Result<Descriptions> {
        Ok(Descriptions { before: text_of(&object, "before")?, lines: text_of(&object, "lines")? })
    };
    Ok(Answer {
        before: text_of(answer, "before")?,
        descriptions: descriptions.map(read).transpose()?,
        behind: text_of(answer, "behind")?,
        rules: answer_rules(&answer.get("rules")?)?,
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
