//! The automation that started a run, by what it says of itself in its variables. Anyone can set these, so all
//! of it is declared.

use model_passport::json::Object;

use super::super::Found;
use super::super::found::Basis;
use super::Variables;

/// Adds `automation`, if the variables are those of one that is known.
pub(in super::super) fn add_to(found: &mut Found, variables: &Variables) {
    let (members, from) = if variables.get("GITHUB_ACTIONS") == Some("true") {
        (github(variables), "the variables of GitHub Actions")
    } else if variables.get("GITLAB_CI") == Some("true") {
        (gitlab(variables), "the variables of GitLab CI/CD")
    } else {
        return;
    };
    let mut node = Object::from_iter([("type", "Automation"), ("basis", Basis::Declared.word())]);
    for (name, value) in members {
        if let Some(value) = value.filter(|value| value.chars().count() <= 256) {
            node.insert(name, value);
        }
    }
    if node.contains("repository") && node.contains("runId") {
        found.add_known("automation", node, Basis::Declared, from);
    }
}

type Members = [(&'static str, Option<String>); 4];

fn github(variables: &Variables) -> Members {
    let get = |name| variables.get(name).map(str::to_owned);
    let server =
        variables.get("GITHUB_SERVER_URL").filter(|url| is_plain(url)).unwrap_or("https://github.com");
    let attempt = variables.get("GITHUB_RUN_ATTEMPT").map(|attempt| format!("/attempts/{attempt}"));
    [
        ("repository", get("GITHUB_REPOSITORY").map(|name| format!("{server}/{name}"))),
        ("workflow", get("GITHUB_WORKFLOW_REF").or_else(|| get("GITHUB_WORKFLOW"))),
        ("runId", get("GITHUB_RUN_ID").map(|run| format!("{run}{}", attempt.unwrap_or_default()))),
        ("commit", commit(get("GITHUB_SHA"))),
    ]
}

fn gitlab(variables: &Variables) -> Members {
    let get = |name| variables.get(name).map(str::to_owned);
    let run = get("CI_PIPELINE_ID").map(|pipeline| match variables.get("CI_JOB_ID") {
        Some(job) => format!("{pipeline}/jobs/{job}"),
        None => pipeline,
    });
    [
        ("repository", get("CI_PROJECT_URL").filter(|url| is_plain(url))),
        ("workflow", get("CI_JOB_NAME").or_else(|| get("CI_CONFIG_PATH"))),
        ("runId", run),
        ("commit", commit(get("CI_COMMIT_SHA"))),
    ]
}

/// An address without a user, a password or a query.
fn is_plain(url: &str) -> bool {
    url.starts_with("https://") && !url.contains(['@', '?', '#']) && !url.contains(char::is_whitespace)
}

fn commit(text: Option<String>) -> Option<String> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.filter(|text| matches!(text.len(), 40 | 64) && text.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use model_passport::json::Json;

    use super::*;

    fn added(given: &[(&str, &str)]) -> Option<String> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut found = Found::default();
        add_to(&mut found, &Variables::of(given));
        found.subject.get("automation").map(Json::to_string)
    }

    #[test]
    fn github_and_gitlab_name_their_run() {
        let sha = "3f6d1c0a9e8b7d6c5f4e3d2c1b0a99887766554a";
        let github = added(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "lab/model"),
            ("GITHUB_RUN_ID", "17"),
            ("GITHUB_RUN_ATTEMPT", "2"),
            ("GITHUB_SHA", sha),
            ("GITHUB_WORKFLOW_REF", "lab/model/.github/workflows/train.yml@refs/heads/main"),
            ("GITHUB_TOKEN", "secret"),
        ]);
        assert_eq!(
            github.unwrap(),
            format!(
                r#"{{"type":"Automation","basis":"declared","repository":"https://github.com/lab/model","workflow":"lab/model/.github/workflows/train.yml@refs/heads/main","runId":"17/attempts/2","commit":"{sha}"}}"#
            )
        );
        let gitlab = added(&[
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_URL", "https://git.example/lab/model"),
            ("CI_PIPELINE_ID", "17"),
            ("CI_JOB_ID", "4"),
            ("CI_COMMIT_SHA", "not a commit"),
        ]);
        assert_eq!(
            gitlab.unwrap(),
            r#"{"type":"Automation","basis":"declared","repository":"https://git.example/lab/model","runId":"17/jobs/4"}"#
        );
    }

    #[test]
    fn without_a_run_nothing_is_said() {
        for given in [
            &[][..],
            &[("GITHUB_RUN_ID", "17"), ("GITHUB_REPOSITORY", "a/b")],
            &[("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "a/b")],
            &[
                ("GITLAB_CI", "true"),
                ("CI_PIPELINE_ID", "1"),
                ("CI_PROJECT_URL", "https://u:p@git.example/x"),
            ],
        ] {
            assert_eq!(added(given), None, "{given:?}");
        }
    }
}
