//! What differs between two models: their weights tensor by tensor, and what their passports declare.
//!
//! A tensor is its content: element type, shape and the digest of its bytes. Tensors of one name are compared;
//! of the others, those with one content are *renamed*, which an export does and which does not change the
//! weights. So two models have the same weights if no content differs, whatever the files and formats.
//!
//! In scope: what is listed. Out of scope: reading and verifying, which whoever calls has done; and the graph
//! around the weights. What is not listed is never taken for the same.

mod beside;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use model_passport::json::{Json, Object, escape_token};

pub(crate) use self::text::human;
use crate::capture::Unlisted;

/// One of the two models.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// The nodes of `weights`.
    pub(crate) weights: Vec<Json>,
    /// Files whose tensors are not listed, and why.
    pub(crate) unlisted: Vec<Unlisted>,
    /// What is said of the model: of a passport or a draft.
    pub(crate) subject: Option<Object>,
    /// All its files: path and digest. None where a passport does not list them.
    pub(crate) files: BTreeSet<(String, String)>,
    /// The identity of the whole.
    pub(crate) id: Option<String>,
    /// The digest of the list of its files.
    pub(crate) manifest: Option<String>,
}

impl Side {
    fn has(&self, digest: &str) -> bool {
        self.files.iter().any(|(_, other)| other == digest)
    }

    /// Whether both have the same files, whatever is in them. A name alone does not say so.
    fn is_the_same_as(&self, other: &Self) -> bool {
        self.id.is_some()
            && self.id == other.id
            && self.manifest.is_some()
            && self.manifest == other.manifest
            && self.files == other.files
    }

    fn lists_nothing(&self) -> bool {
        let count = |node: &Json| node.get("tensorCount").and_then(Json::as_i64);
        self.weights.iter().all(|node| count(node) == Some(0)) && self.unlisted.is_empty()
    }
}

/// Whether the weights are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Same,
    Different,
    /// What is listed does not tell.
    Unknown,
}

impl Answer {
    const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

/// What a tensor holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Content {
    dtype: String,
    shape: Vec<i64>,
    sha256: String,
}

/// All that differs.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) answer: Answer,
    /// Why it is not known, where it is not.
    why: Vec<String>,
    /// Tensors that are the same under one name.
    same: usize,
    changed: Vec<(String, Content, Content)>,
    left_only: Vec<(String, Content)>,
    right_only: Vec<(String, Content)>,
    /// The name left and the name right.
    renamed: Vec<(String, String, Content)>,
    /// Files beside the weights that differ and say nothing of them.
    not_compared: Vec<String>,
    /// Pointer, what the left says, what the right says.
    claims: Vec<(String, Option<Json>, Option<Json>)>,
}

/// Compares.
pub(crate) fn compare(left: &Side, right: &Side) -> Difference {
    let mut difference = match (tensors(left), tensors(right)) {
        (Some(a), Some(b)) => compare_tensors(&a, &b),
        _ => compare_digests(left, right),
    };
    for (side, other, name) in [(left, right, "first"), (right, left, "second")] {
        if side.lists_nothing() {
            difference.doubt(format!("the {name} lists no weights"));
        }
        for file in side.unlisted.iter().filter(|file| !other.has(&file.digest)) {
            difference.doubt(format!("`{}` of the {name} is not listed: {}", file.path, file.why));
        }
        beside::check(side, other, name, &mut difference);
    }
    difference.not_compared.sort();
    difference.not_compared.dedup();
    if left.is_the_same_as(right) {
        (difference.answer, difference.why) = (Answer::Same, Vec::new());
    }
    if let (Some(left), Some(right)) = (&left.subject, &right.subject) {
        compare_claims(left, right, &mut difference.claims);
    }
    difference
}

impl Difference {
    fn of(answer: Answer) -> Self {
        Self {
            answer,
            why: Vec::new(),
            same: 0,
            changed: Vec::new(),
            left_only: Vec::new(),
            right_only: Vec::new(),
            renamed: Vec::new(),
            not_compared: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// What is known to differ stays so; what seems the same does not.
    fn doubt(&mut self, why: String) {
        if self.answer == Answer::Same {
            self.answer = Answer::Unknown;
        }
        self.why.push(why);
    }

    /// The difference as a JSON document.
    pub(crate) fn to_json(&self) -> Json {
        let named = |(name, content): &(String, Content)| {
            let mut object = content.to_object();
            object.insert("name", name.as_str());
            Json::Object(object)
        };
        let changed = self.changed.iter().map(|(name, left, right)| {
            Json::Object(Object::from_iter([
                ("name", name.as_str().into()),
                ("changed", left.what_changed(right).into()),
                ("left", Json::Object(left.to_object())),
                ("right", Json::Object(right.to_object())),
            ]))
        });
        let renamed = self.renamed.iter().map(|(left, right, content)| {
            let mut object = content.to_object();
            object.insert("left", left.as_str());
            object.insert("right", right.as_str());
            Json::Object(object)
        });
        let claims = self.claims.iter().map(|(pointer, left, right)| {
            let mut object = Object::from_iter([("pointer", pointer.as_str())]);
            for (name, said) in [("left", left), ("right", right)] {
                if let Some(said) = said {
                    object.insert(name, said.clone());
                }
            }
            Json::Object(object)
        });
        let same = i64::try_from(self.same).unwrap_or(i64::MAX);
        let not_compared = self.not_compared.iter().map(|path| path.as_str().into()).collect();
        let why: Vec<Json> = self.why.iter().map(|why| why.as_str().into()).collect();
        Json::Object(Object::from_iter([
            ("weights", self.answer.word().into()),
            ("why", Json::Array(why)),
            ("same", Json::Number(model_passport::json::Number::Integer(same))),
            ("changed", Json::Array(changed.collect())),
            ("leftOnly", Json::Array(self.left_only.iter().map(named).collect())),
            ("rightOnly", Json::Array(self.right_only.iter().map(named).collect())),
            ("renamed", Json::Array(renamed.collect())),
            ("notCompared", Json::Array(not_compared)),
            ("claims", Json::Array(claims.collect())),
        ]))
    }
}

impl Content {
    fn of(tensor: &Json) -> Option<Self> {
        let text = |name| tensor.get(name).and_then(Json::as_str).map(str::to_owned);
        let shape = tensor.get("shape")?.as_array()?.iter().map(Json::as_i64).collect::<Option<Vec<_>>>()?;
        Some(Self { dtype: text("dtype")?, shape, sha256: text("sha256")? })
    }

    fn to_object(&self) -> Object {
        let shape: Vec<Json> =
            self.shape.iter().map(|len| Json::Number(model_passport::json::Number::Integer(*len))).collect();
        Object::from_iter([
            ("dtype", self.dtype.as_str().into()),
            ("shape", Json::Array(shape)),
            ("sha256", self.sha256.as_str().into()),
        ])
    }

    fn what_changed(&self, other: &Self) -> &'static str {
        match (self.shape == other.shape, self.dtype == other.dtype) {
            (true, true) => "values",
            (true, false) => "dtype",
            (false, true) => "shape",
            (false, false) => "dtype and shape",
        }
    }
}

/// Every tensor: its name, the file, its content. Nothing if a file has tensors that are not listed.
fn tensors(side: &Side) -> Option<Vec<(&str, &str, Content)>> {
    let mut all = Vec::new();
    for node in &side.weights {
        let path = node.get("path")?.as_str()?;
        let list = match node.get("tensors") {
            Some(list) => list.as_array()?,
            None if node.get("tensorCount")?.as_i64()? == 0 => &[],
            None => return None,
        };
        for tensor in list {
            all.push((tensor.get("name")?.as_str()?, path, Content::of(tensor)?));
        }
    }
    Some(all)
}

type Tensors<'a> = [(&'a str, &'a str, Content)];

fn compare_tensors(left: &Tensors<'_>, right: &Tensors<'_>) -> Difference {
    let ambiguous: BTreeSet<&str> = ambiguous(left).union(&ambiguous(right)).copied().collect();
    let (left, right) = (by_name(left, &ambiguous), by_name(right, &ambiguous));
    let mut difference = Difference::of(Answer::Same);
    // The names that are on one side only, by content.
    let mut loose: BTreeMap<&Content, (Vec<&String>, Vec<&String>)> = BTreeMap::new();
    for (name, content) in &left {
        match right.get(name) {
            Some(other) if other == content => difference.same += 1,
            Some(other) => difference.changed.push((name.clone(), content.clone(), other.clone())),
            None => loose.entry(content).or_default().0.push(name),
        }
    }
    for (name, content) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
        loose.entry(content).or_default().1.push(name);
    }
    for (content, (from, to)) in loose {
        let pairs = from.len().min(to.len());
        for (left, right) in from.iter().zip(&to) {
            difference.renamed.push(((*left).clone(), (*right).clone(), content.clone()));
        }
        // One tensor under several names (tied weights, the same in two files) is there once or more.
        let rest = |names: &[&String]| -> Vec<(String, Content)> {
            names.iter().skip(pairs).map(|name| ((*name).clone(), content.clone())).collect()
        };
        difference.left_only.extend(rest(&from));
        difference.right_only.extend(rest(&to));
    }
    difference.renamed.sort();
    difference.left_only.sort();
    difference.right_only.sort();
    let lists = [difference.changed.len(), difference.left_only.len(), difference.right_only.len()];
    if lists != [0, 0, 0] {
        difference.answer = Answer::Different;
    }
    difference
}

/// Names that stand for different contents in different files, such as those of the folds of one training.
fn ambiguous<'a>(tensors: &Tensors<'a>) -> BTreeSet<&'a str> {
    let mut seen: BTreeMap<&str, &Content> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (name, _, content) in tensors {
        if seen.insert(name, content).is_some_and(|other| other != content) {
            names.insert(*name);
        }
    }
    names
}

fn by_name(tensors: &Tensors<'_>, ambiguous: &BTreeSet<&str>) -> BTreeMap<String, Content> {
    let name = |name: &str, path: &str| match ambiguous.contains(name) {
        true => format!("{path}: {name}"),
        false => name.to_owned(),
    };
    tensors.iter().map(|(tensor, path, content)| (name(tensor, path), content.clone())).collect()
}

/// Where a passport has no list, its digests may still tell.
fn compare_digests(left: &Side, right: &Side) -> Difference {
    let digests = |side: &Side, member: &str| -> Option<BTreeSet<String>> {
        let digest = |node: &Json| node.get(member).and_then(Json::as_str).map(str::to_owned);
        side.weights.iter().map(digest).collect()
    };
    let both = |member| digests(left, member).zip(digests(right, member));
    let agree = |member| both(member).is_some_and(|(left, right)| left == right);
    let mut difference = Difference::of(Answer::Same);
    if agree("tensorDigest") {
        return difference;
    }
    if agree("contentDigest") {
        difference.doubt("the same tensors have other names, and which is which is not listed".to_owned());
        return difference;
    }
    // In one file each, another content is another digest. In several, it may be cut in another way.
    let one_each = |digests: &BTreeSet<String>| digests.len() == 1;
    if both("contentDigest").is_some_and(|(left, right)| one_each(&left) && one_each(&right)) {
        difference.answer = Answer::Different;
        difference
            .why
            .push("a passport does not list the tensors, so which of them differ is not known".to_owned());
    } else {
        difference
            .doubt("a passport does not list the tensors, and the digests of its files differ".to_owned());
    }
    difference
}

/// Members that say which passport this is, and what is compared by tensor.
const NOT_CLAIMS: [&str; 3] = ["id", "weights", "artifactManifest"];

/// Walks both; depth is bounded by what the strict reader of JSON takes.
fn compare_claims(left: &Object, right: &Object, found: &mut Vec<(String, Option<Json>, Option<Json>)>) {
    let names: BTreeSet<&str> = left.keys().chain(right.keys()).collect();
    for name in names.into_iter().filter(|name| !NOT_CLAIMS.contains(name)) {
        walk(&format!("/{}", escape_token(name)), left.get(name), right.get(name), found);
    }
}

fn walk(
    pointer: &str,
    left: Option<&Json>,
    right: Option<&Json>,
    found: &mut Vec<(String, Option<Json>, Option<Json>)>,
) {
    match (left, right) {
        (Some(left), Some(right)) if left == right => {}
        (Some(Json::Object(left)), Some(Json::Object(right))) => {
            let names: BTreeSet<&str> = left.keys().chain(right.keys()).collect();
            // A node's name is made of its credential's; a reference is one by its digest too.
            let same_node = |name: &&str| {
                *name == "id" && left.get("type") == right.get("type") && !left.contains("digestMultibase")
            };
            for name in names.into_iter().filter(|name| !same_node(name)) {
                walk(&format!("{pointer}/{}", escape_token(name)), left.get(name), right.get(name), found);
            }
        }
        (Some(Json::Array(left)), Some(Json::Array(right))) => {
            for at in 0..left.len().max(right.len()) {
                walk(&format!("{pointer}/{at}"), left.get(at), right.get(at), found);
            }
        }
        _ => found.push((pointer.to_owned(), left.cloned(), right.cloned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, dtype: &str, shape: &str, digit: char) -> String {
        let sha256 = digit.to_string().repeat(64);
        format!(r#"{{"name":"{name}","dtype":"{dtype}","shape":{shape},"sha256":"{sha256}"}}"#)
    }

    fn node(path: &str, tensors: &[String]) -> Json {
        let text = format!(
            r#"{{"path":"{path}","tensorCount":{},"tensorDigest":"{path}","contentDigest":"x","tensors":[{}]}}"#,
            tensors.len(),
            tensors.join(",")
        );
        model_passport::json::parse(&text).unwrap()
    }

    fn side(nodes: Vec<Json>) -> Side {
        let files = BTreeSet::from([("m".to_owned(), "m".to_owned())]);
        Side { weights: nodes, files, ..Side::default() }
    }

    fn model(tensors: &[(&str, &str, &str, char)]) -> Side {
        let tensors: Vec<String> = tensors.iter().map(|(n, d, s, c)| tensor(n, d, s, *c)).collect();
        side(vec![node("m", &tensors)])
    }

    #[test]
    fn a_new_head_is_all_that_changed() {
        let left = model(&[("body", "float32", "[2]", 'a'), ("head", "float32", "[2]", 'b')]);
        let right = model(&[("body", "float32", "[2]", 'a'), ("head", "float32", "[2]", 'c')]);
        let found = compare(&left, &right);
        assert_eq!((found.answer, found.same, found.changed.len()), (Answer::Different, 1, 1));
        assert_eq!(found.to_json().pointer("/changed/0/changed").and_then(Json::as_str), Some("values"));
        let other = model(&[("body", "float16", "[2]", 'a'), ("new", "float32", "[2]", 'b')]);
        let found = compare(&left, &other);
        assert_eq!(found.to_json().pointer("/changed/0/changed").and_then(Json::as_str), Some("dtype"));
        assert_eq!((found.renamed.len(), found.answer), (1, Answer::Different));
    }

    #[test]
    fn other_names_are_the_same_weights_but_exchanged_ones_are_not() {
        let left = model(&[("a", "float32", "[2]", 'a'), ("b", "float32", "[2]", 'b')]);
        let renamed = model(&[("x.a", "float32", "[2]", 'a'), ("x.b", "float32", "[2]", 'b')]);
        let found = compare(&left, &renamed);
        assert_eq!((found.answer, found.renamed.len()), (Answer::Same, 2));
        let exchanged = model(&[("a", "float32", "[2]", 'b'), ("b", "float32", "[2]", 'a')]);
        assert_eq!(compare(&left, &exchanged).answer, Answer::Different);
        let fewer = model(&[("a", "float32", "[2]", 'a')]);
        let found = compare(&left, &fewer);
        assert_eq!((found.answer, found.left_only.len(), found.right_only.len()), (Answer::Different, 1, 0));
    }

    #[test]
    fn the_same_tensors_in_two_files_are_there_once() {
        let list = [tensor("a", "float32", "[2]", 'a')];
        let twice = side(vec![node("m.onnx", &list), node("m.safetensors", &list)]);
        assert_eq!(compare(&twice, &side(vec![node("m.safetensors", &list)])).answer, Answer::Same);
        // In two folds, one name is two tensors.
        let other = [tensor("a", "float32", "[2]", 'b')];
        let folds = side(vec![node("0/m", &list), node("1/m", &other)]);
        assert_eq!(compare(&folds, &folds).same, 2);
        assert_eq!(compare(&folds, &side(vec![node("0/m", &list)])).answer, Answer::Different);
    }

    #[test]
    fn what_is_not_listed_is_never_the_same() {
        let parse = |text: &str| side(vec![model_passport::json::parse(text).unwrap()]);
        let short = |tensor: &str, content: &str| {
            parse(&format!(
                r#"{{"path":"m","tensorCount":2000,"tensorDigest":"{tensor}","contentDigest":"{content}"}}"#
            ))
        };
        assert_eq!(compare(&short("a", "x"), &short("a", "x")).answer, Answer::Same);
        assert_eq!(compare(&short("a", "x"), &short("b", "x")).answer, Answer::Unknown);
        assert_eq!(compare(&short("a", "x"), &short("b", "y")).answer, Answer::Different);
        let mut shards = short("b", "y");
        shards.weights.extend(short("c", "z").weights);
        assert_eq!(compare(&short("a", "x"), &shards).answer, Answer::Unknown);
        assert_eq!(compare(&Side::default(), &Side::default()).answer, Answer::Unknown);

        let unlisted = || Unlisted { path: "w.h5".into(), why: "compressed".into(), digest: "d".into() };
        let some = Side { unlisted: vec![unlisted()], ..short("a", "x") };
        assert_eq!(compare(&some, &short("a", "x")).answer, Answer::Unknown);
        let covered = Side { files: files(&[("m", "m"), ("w.h5", "d")]), ..short("a", "x") };
        assert_eq!(compare(&some, &covered).answer, Answer::Unknown);
        let both = Side { files: files(&[("m", "m"), ("w.h5", "d")]), ..short("a", "x") };
        assert_eq!(compare(&both, &covered).answer, Answer::Same);
        let empty = || parse(r#"{"path":"m","tensorCount":0,"tensorDigest":"a","contentDigest":"a"}"#);
        assert_eq!(compare(&empty(), &empty()).answer, Answer::Unknown);
    }

    fn files(files: &[(&str, &str)]) -> BTreeSet<(String, String)> {
        files.iter().map(|(path, digest)| ((*path).to_owned(), (*digest).to_owned())).collect()
    }

    #[test]
    fn files_that_no_list_accounts_for_are_a_doubt() {
        let with = |all: &[(&str, &str)]| {
            let side = model(&[("a", "float32", "[2]", 'a')]);
            Side { files: files(all), id: Some("id".to_owned()), ..side }
        };
        let answer = |left: &[(&str, &str)], right: &[(&str, &str)]| {
            let found = compare(&with(left), &with(right));
            (found.answer, found.why.len(), found.not_compared.len())
        };
        assert_eq!(answer(&[("m", "1")], &[("m", "2")]), (Answer::Same, 0, 0));
        assert_eq!(
            answer(&[("m", "1"), ("h.pkl", "3")], &[("m", "1"), ("h.pkl", "4")]),
            (Answer::Unknown, 2, 0)
        );
        assert_eq!(answer(&[("m", "1"), ("h.npz", "3")], &[("m", "1")]), (Answer::Unknown, 1, 0));
        assert_eq!(answer(&[("m", "1"), ("x", "3")], &[("m", "2"), ("y", "3")]), (Answer::Same, 0, 0));
        let texts = answer(&[("m", "1"), ("README.md", "3")], &[("m", "1"), ("README.md", "4")]);
        assert_eq!(texts, (Answer::Same, 0, 1));
        assert_eq!(answer(&[("m", "1")], &[]), (Answer::Unknown, 1, 0), "which files is not said");
        // One name for two models: only one list of files makes them one.
        let named = |manifest: &str, digest: &str| Side {
            manifest: Some(manifest.to_owned()),
            ..with(&[("m", "1"), ("h.pkl", digest)])
        };
        assert_eq!(compare(&named("a", "3"), &named("b", "4")).answer, Answer::Unknown);
        assert_eq!(compare(&named("a", "3"), &named("a", "4")).answer, Answer::Unknown);
        assert_eq!(compare(&named("a", "3"), &named("a", "3")).answer, Answer::Same);
    }

    #[test]
    fn claims_that_differ_have_their_pointers() {
        let subject = |text: &str| {
            let subject = model_passport::json::parse(text).unwrap().as_object().cloned();
            Side { subject, ..model(&[("a", "float32", "[2]", 'a')]) }
        };
        let left = subject(
            r#"{"id":"1","name":"a","t":{"id":"1#t","type":"T","n":[1,2]},"r":{"id":"p","digestMultibase":"x"}}"#,
        );
        let right = subject(
            r#"{"id":"2","name":"a","t":{"id":"2#t","type":"T","n":[1]},"r":{"id":"q","digestMultibase":"y"},"m":"1"}"#,
        );
        let found = compare(&left, &right);
        let pointers: Vec<&str> = found.claims.iter().map(|(pointer, ..)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/m", "/r/digestMultibase", "/r/id", "/t/n/1"]);
        let text = found.to_json().to_string();
        assert!(text.contains(r#"{"pointer":"/t/n/1","left":2}"#), "{text}");
    }
}
