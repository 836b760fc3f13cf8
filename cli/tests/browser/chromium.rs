//! A headless Chromium with one page, driven over a pipe by the `DevTools` protocol.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How long one answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// A browser that shows the page of an audit.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    /// What the browser reported so far: its methods and their parameters.
    pub(crate) events: Vec<(String, Value)>,
    folder: PathBuf,
}

/// Where Chromium is. Without it, the tests fail: what was not shown was not tested.
fn chromium() -> PathBuf {
    if let Some(given) = env::var_os("CHROMIUM") {
        return given.into();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|file| file.is_file());
    found.expect("No Chromium was found. Install it (Debian: apt-get install chromium), or set CHROMIUM to its path.")
}

impl Browser {
    /// Writes the page of an audit with the command, and opens it on a screen of 1440 by 900.
    pub(crate) fn showing(audit: &Value) -> Self {
        let mut browser = Self::open();
        browser.show(audit);
        browser
    }

    fn open() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("browser-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        // Chromium reads commands from descriptor 3 and answers on 4.
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >&2"]).arg(chromium()).args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--remote-debugging-pipe",
        ]);
        shell.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = shell.spawn().expect("a shell");
        let commands = process.stdin.take().unwrap();
        let output = process.stdout.take().unwrap();
        let (sender, answers) = channel();
        thread::spawn(move || {
            for message in BufReader::new(output).split(0) {
                let Ok(message) = message else { break };
                let Ok(message) = serde_json::from_slice(&message) else { break };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self { process, commands, answers, session: None, sent: 0, events: Vec::new(), folder };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attached = browser.call("Target.attachToTarget", &json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network", "DOM", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser.screen(1440, 900);
        browser
    }

    /// Shows the page of another audit.
    pub(crate) fn show(&mut self, audit: &Value) {
        let file = self.folder.join("page.html");
        write(audit, &file);
        self.events.clear();
        self.call("Page.navigate", &json!({"url": format!("file://{}", file.display())}));
        self.wait_for("Page.loadEventFired");
    }

    /// Loads the page again.
    pub(crate) fn reload(&mut self) {
        self.events.clear();
        self.call("Page.reload", &json!({}));
        self.wait_for("Page.loadEventFired");
    }

    fn wait_for(&mut self, event: &str) {
        while !self.events.iter().any(|(method, _)| method == event) {
            self.receive();
        }
    }

    fn receive(&mut self) -> Option<Value> {
        let message = self.answers.recv_timeout(PATIENCE).expect("Chromium answers");
        if message.get("id").is_some() {
            return Some(message);
        }
        let method = message["method"].as_str().unwrap_or_default().to_owned();
        self.events.push((method, message["params"].clone()));
        None
    }

    /// Sends a command and returns its result.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut command = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).expect("Chromium runs");
        self.commands.flush().expect("Chromium runs");
        loop {
            if let Some(answer) = self.receive().filter(|answer| answer["id"] == self.sent) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result:#}");
        result["result"]["value"].clone()
    }

    /// The text of each element of a selector, as it is shown.
    pub(crate) fn texts(&mut self, selector: &str) -> Vec<String> {
        let found = self.value(&format!(
            "[...document.querySelectorAll({})].filter(e => e.checkVisibility()).map(e => e.innerText ?? e.textContent)",
            json!(selector)
        ));
        found.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    /// How many elements of a selector are shown.
    pub(crate) fn count(&mut self, selector: &str) -> usize {
        self.texts(selector).len()
    }

    pub(crate) fn screen(&mut self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// As the user's system prefers it: `light` or `dark`.
    pub(crate) fn scheme(&mut self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", &json!({"media": "", "features": features}));
    }

    /// On paper.
    pub(crate) fn print(&mut self) {
        self.call("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    }

    /// The whole page as a PNG.
    pub(crate) fn screenshot(&mut self) -> Vec<u8> {
        let parameters = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.call("Page.captureScreenshot", &parameters);
        aws_smithy_types::base64::decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// The addresses that the page asked for.
    pub(crate) fn requests(&self) -> Vec<String> {
        let sent = self.events.iter().filter(|(method, _)| method == "Network.requestWillBeSent");
        sent.map(|(_, event)| event["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    /// What the browser complained about: errors of the script, and what the page's policy forbade.
    pub(crate) fn complaints(&self) -> Vec<&Value> {
        let complaint = |method: &str| {
            ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"]
                .contains(&method)
        };
        self.events.iter().filter(|(method, _)| complaint(method)).map(|(_, event)| event).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes the page of an audit with the real command.
fn write(audit: &Value, file: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_delegated-role"));
    command.args(["report", "-", "--html"]).arg(file).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(audit.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
