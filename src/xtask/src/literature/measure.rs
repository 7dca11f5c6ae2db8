//! Measures the experiments of the literature with `retort sweep` and `retort search`.

use std::{collections::BTreeMap, fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{FOLDER, Source, document::kept, sources};
use crate::tools::{cargo, root, run};

/// What is kept of a cell.
const FIELDS: [&str; 21] = [
    "values",
    "link",
    "product",
    "control",
    "runs",
    "accuracy",
    "accuracy_deviation",
    "control_accuracy",
    "gain",
    "gain_deviation",
    "p_value",
    "outcome",
    "agreement",
    "calibration_error",
    "bytes",
    "packed_accuracy",
    "omitted_accuracy",
    "bias",
    "corrected_accuracy",
    "corrected_omitted",
    "problem",
];

/// Measures all experiments, or those of these names.
pub fn measure(only: &[String]) -> Result<()> {
    run(cargo().args(["build", "--release", "-p", "retort"]))?;
    fs::create_dir_all(root().join(FOLDER).join("measured"))?;
    for source in sources()? {
        if only.is_empty() || only.contains(&source.id) {
            eprintln!("{}", source.id);
            one(&source)?;
        }
    }
    Ok(())
}

/// The program in a terminal.
fn retort() -> Command {
    Command::new(root().join("target/release/retort"))
}

fn one(source: &Source) -> Result<()> {
    let path = std::env::temp_dir().join(format!("retort-literature-{}.json", std::process::id()));
    run(retort().arg("sweep").arg(source.link()?).arg("--json").arg(&path))?;
    let swept: Value = serde_json::from_slice(&fs::read(&path)?)?;
    fs::remove_file(&path)?;
    let mut lines = Vec::new();
    for cell in swept["cells"].as_array().context("a sweep without cells")? {
        let mut line: serde_json::Map<String, Value> =
            FIELDS.iter().filter_map(|field| Some(((*field).to_owned(), kept(cell.get(field)?)))).collect();
        // The accuracies of the two that are compared, seed by seed.
        let compared = ["product", "control"].iter().filter_map(|field| cell[field].as_str());
        let accuracies = compared.map(|name| (name.to_owned(), kept(&cell["accuracies"][name])));
        line.insert("accuracies".into(), accuracies.collect::<serde_json::Map<_, _>>().into());
        lines.push(Value::Object(line).to_string());
    }
    let mut found = Vec::new();
    for (objective, over) in source.file["search"]["over"].as_object().into_iter().flatten() {
        // One that is refused does not lose the others, which took minutes.
        let found_or_not = search(source, objective, over).unwrap_or_else(|problem| {
            eprintln!("{problem:#}");
            json!({ "objective": objective, "problem": format!("{problem:#}") })
        });
        found.push(found_or_not.to_string());
    }
    let list = |lines: &[String]| lines.join(",\n    ");
    let mut text = format!("{{\n  \"cells\": [\n    {}\n  ]", list(&lines));
    if !found.is_empty() {
        text += &format!(",\n  \"found\": [\n    {}\n  ]", list(&found));
    }
    let path = root().join(FOLDER).join("measured").join(format!("{}.json", source.id));
    Ok(fs::write(path, text + "\n}\n")?)
}

/// What a search over an objective's knobs found.
fn search(source: &Source, objective: &str, over: &Value) -> Result<Value> {
    let search = &source.file["search"];
    let link = [search["link"].as_str(), over["link"].as_str()].into_iter().flatten().collect::<Vec<&str>>().join("&");
    let budget = search["budget"].to_string();
    let over = over["over"].as_str().with_context(|| format!("{objective}: over"))?;
    let output = retort().args(["search", &link, "--over", over, "--budget", &budget]).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{objective}: {said}{}", String::from_utf8_lossy(&output.stderr));
    let lines: BTreeMap<&str, &str> = said.lines().filter_map(|line| line.split_once("  ")).collect();
    let field = |name: &str| {
        let line = lines.get(name).with_context(|| format!("{objective} has no {name}: {said}"))?;
        anyhow::Ok(line.split(" %").next().unwrap_or_default().trim().to_owned())
    };
    Ok(json!({
        "objective": objective,
        "best": field("best")?,
        "link": field("link")?,
        "validation": field("validation")?,
        "test": field("test")?,
        "unsearched": field("unsearched")?,
    }))
}
