//! Says what IAM refuses in policy documents. Each line of standard input is a document, as text in a JSON string; each
//! line of standard output is the JSON list of its problems.
//!
//! ```sh
//! jq -c tojson policy.json | cargo run --package delegated-role-core --example validate -- aws
//! ```

use std::error::Error;
use std::io::{self, BufRead, Write};

use delegated_role_core::identifiers::Partition;
use delegated_role_core::policy::Document;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let partition = Partition::parse(&std::env::args().nth(1).unwrap_or_else(|| "aws".to_owned()))?;
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let problems = match Document::parse(&serde_json::from_str::<String>(&line?)?) {
            Ok(document) => {
                let rejected = document.problems_as_identity_policy(&partition).into_iter();
                rejected.map(|rejected| rejected.sentence).collect()
            }
            Err(malformed) => vec![format!("The policy {malformed}.")],
        };
        writeln!(answers, "{}", Value::from(problems))?;
        answers.flush()?;
    }
    Ok(())
}
