//! The pages of the tool show what the tool prints.

use std::path::Path;
use std::process::Command;

/// A command of the page, and what it says that the command prints.
fn examples(page: &str) -> Vec<(String, String)> {
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```\n").next());
    let example = |block: &str| {
        let (command, printed) = block.split_once('\n').expect("a command and what it prints");
        (command.strip_prefix("$ ").expect("a prompt").to_owned(), printed.to_owned())
    };
    blocks.map(example).collect()
}

#[test]
fn every_example_prints_what_the_page_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let mut all = Vec::new();
    let pages = [
        ("docs/tool.md", 6),
        ("docs/debugging.md", 8),
        ("docs/policies.md", 6),
        ("docs/tyk-limits.md", 3),
    ];
    for (page, count) in pages {
        let text = std::fs::read_to_string(root.join(page)).expect("the page");
        let examples = examples(&text);
        assert!(examples.len() >= count, "{page}: the examples were not found");
        all.extend(examples);
    }
    let program = Path::new(env!("CARGO_BIN_EXE_attache")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    for (command, printed) in all {
        let run = Command::new("sh")
            .arg("-c")
            .arg(&command)
            .current_dir(root)
            .env("PATH", &path)
            .output();
        let run = run.expect("a shell");
        assert_eq!(
            String::from_utf8_lossy(&run.stdout),
            printed,
            "{command}\n{}",
            String::from_utf8_lossy(&run.stderr)
        );
    }
}

/// A block of YAML of the page that has a line which begins so.
fn yaml(page: &str, line: &str) -> String {
    let mut blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```\n").next());
    let block = blocks.find(|block| block.lines().any(|text| text.starts_with(line)));
    block.expect("a block of YAML").to_owned()
}

fn page() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    std::fs::read_to_string(root.join("docs/tool.md")).expect("the page")
}

#[test]
fn the_assertions_of_the_page_are_those_of_the_example() {
    let block = yaml(&page(), "assertions:");
    let (name, text) = block.split_once('\n').expect("a name");
    let name = name.strip_prefix("# ").expect("a comment");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    assert_eq!(std::fs::read_to_string(root.join(name)).expect("the example"), text);
}

/// What each step of the review gate ends with, in a repository whose pull request changes the
/// configuration so.
fn gate(change: impl Fn(&str) -> String) -> (Vec<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let deploy = folder.path().join("deploy");
    std::fs::create_dir(&deploy).expect("a folder");
    let text = std::fs::read_to_string(root.join("plugin-config/examples/istio-twin.yaml"))
        .expect("a file");
    let assertions =
        std::fs::read_to_string(root.join("examples/proofs/orders.yaml")).expect("a file");
    let assertions =
        assertions.replace("../../plugin-config/examples/istio-twin.yaml", "attache.yaml");
    std::fs::write(deploy.join("assertions.yaml"), assertions).expect("it is written");
    std::fs::write(deploy.join("attache.yaml"), &text).expect("it is written");
    let program = Path::new(env!("CARGO_BIN_EXE_attache")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let run = |command: &str| {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).current_dir(folder.path()).env("PATH", &path);
        let run = shell
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"))
            .output()
            .expect("a shell");
        run.status.code().expect("no signal")
    };
    let author = "-c user.name=a -c user.email=a@example.com -c commit.gpgsign=false";
    let commit = format!("git init -q . && git add . && git {author} commit -q -m before");
    assert_eq!(run(&format!("{commit} && git update-ref refs/remotes/origin/main HEAD")), 0);
    std::fs::write(deploy.join("attache.yaml"), change(&text)).expect("it is written");
    let workflow = attache_config_reader::read_yaml(&yaml(&page(), "\"on\":")).expect("YAML");
    let workflow = serde_json::to_value(&workflow).expect("JSON");
    let steps = workflow["jobs"]["policies"]["steps"].as_array().expect("steps");
    let statuses: Vec<i32> =
        steps.iter().filter_map(|step| step["run"].as_str()).map(run).collect();
    (statuses, std::fs::read_to_string(folder.path().join("summary.md")).expect("a summary"))
}

#[test]
fn the_review_gate_of_the_page_stops_what_it_should() {
    assert_eq!(gate(|text| text.to_owned()).0, [0, 0, 0, 0]);
    let (statuses, summary) = gate(|text| text.replace("[ops]", "[ops, viewer]"));
    assert_eq!(statuses, [0, 0, 0, 1]);
    assert!(summary.contains("#### Newly allowed"), "{summary}");
    let (statuses, summary) = gate(|text| text.replace("[writer]", "[writer, ops]"));
    assert_eq!(statuses, [0, 1, 0, 1], "{summary}");
}

/// The commands of README's quickstart, a line each.
fn quickstart() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the page");
    let section = readme.split("## Know before you apply\n").nth(1).expect("the section");
    let block = section.split("```").nth(1).expect("a block");
    block.trim().lines().map(str::to_owned).collect()
}

/// Returns the name of the subcommand that a line runs.
fn subcommand(line: &str) -> &str {
    let behind =
        line.split("scripts/attache ").nth(1).unwrap_or_else(|| panic!("no command: {line}"));
    behind.split(' ').next().expect("a name")
}

#[test]
fn the_quickstart_runs_every_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let help = Command::new(env!("CARGO_BIN_EXE_attache")).arg("--help").output().expect("it runs");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let commands = help
        .split("Commands:\n")
        .nth(1)
        .expect("commands")
        .lines()
        .take_while(|line| !line.is_empty());
    let commands = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let mut commands: Vec<&str> = commands.filter(|name| !matches!(*name, "" | "help")).collect();
    let lines = quickstart();
    let mut shown: Vec<&str> = lines.iter().map(|line| subcommand(line)).collect();
    commands.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, commands);

    let program = Path::new(env!("CARGO_BIN_EXE_attache")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let folder = tempfile::tempdir().expect("a folder");
    // The page that `playground` writes is tested in a browser.
    for line in lines.iter().filter(|line| subcommand(line) != "playground") {
        let command = line.replace("scripts/attache", "attache");
        let command = command.replace(" target/", &format!(" {}/", folder.path().display()));
        let run = Command::new("sh")
            .arg("-c")
            .arg(&command)
            .current_dir(root)
            .env("PATH", &path)
            .output();
        let run = run.expect("a shell");
        // What is shown there finds something: a request that is allowed newly, one that is
        // refused, routes that differ.
        let finds = matches!(subcommand(line), "diff" | "explain" | "replay" | "tyk" | "why");
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(i32::from(finds)), "{line}\n{said}");
        let writes = command.contains(" > ");
        assert!(writes || !run.stdout.is_empty() || !said.is_empty(), "{line}: nothing was said");
    }
}

#[test]
fn the_first_policy_of_the_readme_is_what_its_commands_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the page");
    let section = readme.split("## A first policy\n").nth(1).expect("the section");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("first-policy.yaml"), yaml(section, "kind: WasmPlugin"))
        .expect("it is written");
    let block = section
        .split("```sh\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("commands");
    let program = Path::new(env!("CARGO_BIN_EXE_attache")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let run = |command: &str| {
        let command = command.replace("scripts/attache", "attache");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).current_dir(folder.path()).env("PATH", &path);
        shell.output().expect("a shell")
    };
    assert_eq!(block.lines().count(), 2);
    for command in block.lines() {
        let run = run(command);
        assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stderr));
    }
    let stranger = run(&block.lines().nth(1).expect("explain").replace("reader", "guest"));
    assert!(
        String::from_utf8_lossy(&stranger.stdout).starts_with("refused with 403: role-missing")
    );
}
