//! Backups of a service that is deciding, and what is restored from them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rebound_tests::client::{Client, Method};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{binary, skip};
use crate::server_process::{Finished, Running, rebound};

/// A shop with a product, in a directory of its own.
struct Shop {
    parent: TempDir,
    service: Running,
}

impl Shop {
    fn open() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let service = Running::dev(&parent.path().join("data"));
        let product = json!({"sku": "LIP-01", "title": "Lip balm", "price": 19_900});
        let client = Client::new(&service.url, None);
        let answer =
            client.send(Method::Post, "/v1/catalog", "application/x-ndjson", product.to_string().as_bytes());
        assert_eq!(answer.unwrap().status, 200);
        Self { parent, service }
    }

    /// Products of 2 MB together and more: a backup of them does not fit what the network takes in at once.
    fn fill(&self, products: u32) {
        let title = "A title as long as titles may well be ".repeat(6);
        let lines: Vec<String> = (0..products)
            .map(|number| json!({"sku": format!("F-{number}"), "title": title, "price": 100}).to_string())
            .collect();
        let client = Client::new(&self.service.url, None);
        let answer =
            client.send(Method::Post, "/v1/catalog", "application/x-ndjson", lines.join("\n").as_bytes());
        assert_eq!(answer.unwrap().json().unwrap()["rejected"], 0);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.parent.path().join(name)
    }

    /// Decides returns, and gives each one's plan as it was answered.
    fn decide(&self, numbers: std::ops::Range<u32>) -> Vec<(u32, Vec<u8>)> {
        numbers.map(|number| (number, plan(&self.service.url, number, 201))).collect()
    }

    fn back_up(&self, name: &str) -> PathBuf {
        let file = self.path(name);
        self.service.run(&["backup", "--to", file.to_str().unwrap()]).expect(0, &[]);
        file
    }

    fn restore(&self, from: &Path, to: &str, arguments: &[&str]) -> Finished {
        let (keys, to) = (self.path("data"), self.path(to));
        let paths = [from, &keys, &to].map(|path| path.to_str().unwrap());
        rebound(
            &[&["restore", "--from", paths[0], "--keys", paths[1], "--data", paths[2]], arguments].concat(),
        )
    }
}

fn event(number: u32) -> Value {
    json!({"source": "shop", "id": format!("e-{number}"), "return_id": format!("r-{number}"),
        "customer_id": format!("c-{}", number % 50), "locale": "en", "requested_at": "2026-03-01T09:30:00Z",
        "currency": "CNY", "lines": [{"sku": "LIP-01", "quantity": 1, "paid": 19_900, "reason": "color"}]})
}

/// The plan that a service answers with.
#[track_caller]
fn plan(url: &str, number: u32, status: u16) -> Vec<u8> {
    let body = event(number).to_string();
    let answer = Client::new(url, None)
        .send(Method::Post, "/v1/returns", "application/json", body.as_bytes())
        .unwrap();
    assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
    answer.body
}

/// Every one of these plans is answered again as it was, and as one that is stored.
#[track_caller]
fn answers_the_same(data: &Path, plans: &[(u32, Vec<u8>)]) {
    let service = Running::dev(data);
    for (number, want) in plans {
        assert!(plan(&service.url, *number, 200) == *want, "the plan of r-{number} is another one");
    }
    // And it goes on: an event that no service saw.
    static UNSEEN: AtomicU32 = AtomicU32::new(900_000);
    plan(&service.url, UNSEEN.fetch_add(1, Ordering::Relaxed), 201);
}

fn names_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn what_was_answered_before_a_backup_under_load_is_answered_again_from_it() {
    let shop = Shop::open();
    let plans = shop.decide(0..200);
    let done = AtomicBool::new(false);
    let file = shop.path("a.backup");
    let (finished, during) = std::thread::scope(|scope| {
        let load = [1, 2].map(|thread| {
            let (done, url) = (&done, &shop.service.url);
            scope.spawn(move || {
                let mut decided = 0;
                while !done.load(Ordering::Relaxed) {
                    plan(url, thread * 100_000 + decided, 201);
                    decided += 1;
                }
                decided
            })
        });
        let finished = shop.service.run(&["backup", "--to", file.to_str().unwrap(), "--json"]);
        done.store(true, Ordering::Relaxed);
        (finished, load.map(|thread| thread.join().unwrap()))
    });
    let told = finished.expect(0, &[]).json();
    assert_eq!(told["bytes"].as_u64().unwrap(), fs::metadata(&file).unwrap().len());
    assert!(told["entries"].as_u64().unwrap() >= 200 * 3, "{told}");
    assert!(during.iter().all(|decided| *decided > 0), "nothing was decided meanwhile: {during:?}");
    let told = shop.restore(&file, "new", &["--json"]).expect(0, &[]).json();
    assert_eq!(told["bytes"].as_u64().unwrap(), fs::metadata(&file).unwrap().len());
    answers_the_same(&shop.path("new"), &plans);
    assert_eq!(names_in(shop.parent.path()).len(), 3, "data, backup and restored: nothing else is left");
}

#[test]
fn a_backup_holds_no_key_and_nothing_that_reads() {
    let shop = Shop::open();
    shop.decide(0..3);
    let bytes = fs::read(shop.back_up("a.backup")).unwrap();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let key = fs::read_to_string(shop.path("data/host.key")).unwrap();
    let raw: Vec<u8> =
        (0..32).map(|index| u8::from_str_radix(&key[index * 2..index * 2 + 2], 16).unwrap()).collect();
    assert!(!has(key.trim().as_bytes()) && !has(&raw));
    let slots = fs::read(shop.path("data/customer.keys")).unwrap();
    assert!(!slots.chunks_exact(32).take(8).any(has), "a slot is in the backup");
    for person in [&b"c-1"[..], b"r-1", b"e-1"] {
        assert!(!has(&[b"\"", person, b"\""].concat()), "{}", String::from_utf8_lossy(person));
    }
    assert!(has(b"LIP-01"), "the search finds what is there");
}

#[test]
fn one_who_was_erased_after_a_backup_does_not_come_back_with_it() {
    let shop = Shop::open();
    let plans = shop.decide(0..2);
    let file = shop.back_up("a.backup");
    plan(&shop.service.url, 50, 201);
    shop.service.run(&["customer", "erase", "c-0", "--yes"]).expect(0, &[]);
    shop.restore(&file, "new", &[]).expect(0, &[]);
    let service = Running::dev(&shop.path("new"));
    let client = Client::new(&service.url, None);
    assert_eq!(client.get("/v1/returns/r-0").unwrap().status, 404);
    // The event of before the backup, and one that was decided after it and is in no record of the restored storage.
    for number in [0, 50] {
        let problem: Value = serde_json::from_slice(&plan(&service.url, number, 410)).unwrap();
        assert_eq!(problem["code"], "erased", "{problem}");
    }
    service.run(&["customer", "export", "c-0"]).expect(1, &["nothing is held"]);
    assert!(plan(&service.url, 1, 200) == plans[1].1, "the neighbour is there");
    // A new event starts a new person.
    plan(&service.url, 100, 201);
    service.signal(Signal::TERM);
    assert_eq!(service.wait().0.code(), Some(0));
    rebound(&["doctor", "--data", shop.path("new").to_str().unwrap()]).expect(0, &[]);
}

#[test]
fn a_damaged_or_cut_backup_is_refused_before_anything_is_written() {
    let shop = Shop::open();
    shop.decide(0..20);
    let whole = fs::read(shop.back_up("a.backup")).unwrap();
    let middle = whole.len() / 2;
    let mut flipped = whole.clone();
    flipped[middle] ^= 1;
    let mut newer = whole.clone();
    // The file's format, behind the magic and the head of the first frame.
    newer[16] = 2;
    let cut = &whole[..middle];
    for (bytes, says) in [
        (&flipped[..], "its checksum does not match"),
        (cut, "in the middle"),
        (&newer, "its checksum does not match"),
        (b"PK\x03\x04 a zip", "this is no backup of Rebound"),
    ] {
        let file = shop.path("bad.backup");
        fs::write(&file, bytes).unwrap();
        shop.restore(&file, "new", &[]).expect(2, &["bad.backup cannot be restored from", says]);
        assert!(!shop.path("new").exists(), "{says}: something was written");
    }
    shop.restore(&shop.path("none"), "new", &[]).expect(2, &["none cannot be read"]);
}

#[test]
fn a_restore_goes_into_an_empty_directory_and_takes_the_right_keys() {
    let shop = Shop::open();
    let plans = shop.decide(0..3);
    let file = shop.back_up("a.backup");
    shop.restore(&file, "data", &[]).expect(2, &["is not empty", "an empty or a new directory"]);
    let other = Shop::open();
    other.decide(0..1);
    let keys = |keys: &Path| {
        let paths = [&file, keys, &shop.path("new")].map(|path| path.to_str().unwrap().to_owned());
        rebound(&["restore", "--from", &paths[0], "--keys", &paths[1], "--data", &paths[2]])
    };
    keys(&other.path("data")).expect(2, &["host.key is not the key", "--keys"]);
    keys(&shop.path("nothing")).expect(15, &["no host.key"]);
    let old = shop.path("old-keys");
    fs::create_dir(&old).unwrap();
    fs::copy(shop.path("data/host.key"), old.join("host.key")).unwrap();
    fs::write(old.join("customer.keys"), [1; 32]).unwrap();
    keys(&old).expect(2, &["is older than the backup", "it holds 1 slots"]);
    fs::copy(shop.path("data/customer.keys"), old.join("customer.keys")).unwrap();
    keys(&old).expect(2, &["customer.erasures is missing", "who was erased since the backup"]);
    fs::write(old.join("customer.erasures"), "0123456789abcdef {}\n").unwrap();
    keys(&old).expect(2, &["line 1 of customer.erasures is damaged", "its newest copy"]);
    assert!(!shop.path("new").exists(), "what is refused writes nothing");
    keys(&shop.path("data")).expect(0, &[]);
    answers_the_same(&shop.path("new"), &plans);
}

#[test]
fn a_restore_that_was_killed_is_refused_by_serve_and_starts_over() {
    let shop = Shop::open();
    shop.fill(20_000);
    let plans = shop.decide(0..300);
    let file = shop.back_up("a.backup");
    let new = shop.path("new");
    let mut child = Command::new(binary())
        .args(["restore", "--from", file.to_str().unwrap(), "--keys", shop.path("data").to_str().unwrap()])
        .args(["--data", new.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // From when the mark is there the storage is being filled.
    while !new.join("restore.unfinished").exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The kill may have come too late; what a kill leaves is then made by hand: half a storage, and the mark.
    let db = new.join("storage/db");
    if !new.join("restore.unfinished").exists() {
        let half = fs::metadata(&db).unwrap().len() / 2;
        fs::File::options().write(true).open(&db).unwrap().set_len(half).unwrap();
        fs::write(new.join("restore.unfinished"), "").unwrap();
    }
    rebound(&["serve", "--dev", "--listen", "127.0.0.1:0", "--data", new.to_str().unwrap()])
        .expect(15, &["holds a restore that did not end", "run `rebound restore` again"]);
    shop.restore(&file, "new", &[]).expect(0, &[]);
    assert!(!new.join("restore.unfinished").exists());
    answers_the_same(&new, &plans);
}

/// Sends this much of an answer to whoever asks, then holds the connection until it is closed, or closes it.
fn sends_part(
    answer: Vec<u8>,
    holds: bool,
) -> (String, std::thread::JoinHandle<()>, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sent, is_sent) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&answer).unwrap();
        // Whoever does not wait for it has gone.
        sent.send(()).ok();
        if holds {
            // Until the other side is gone.
            let _ = stream.read(&mut request);
        }
    });
    (url, thread, is_sent)
}

#[test]
fn a_backup_that_is_killed_or_cut_off_leaves_no_file_of_its_name() {
    let shop = Shop::open();
    shop.decide(0..50);
    let whole = fs::read(shop.back_up("a.backup")).unwrap();
    let folder = shop.path("backups");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("b.backup");
    // The service dies in the middle.
    let half = whole[..whole.len() / 2].to_vec();
    let (url, thread, _) = sends_part(half.clone(), false);
    let arguments = ["backup", "--to", file.to_str().unwrap(), "--url", &url];
    rebound(&arguments).expect(3, &["no backup was made", "in the middle"]);
    thread.join().unwrap();
    assert_eq!(names_in(&folder), Vec::<String>::new());
    // The one who makes it is killed.
    let (url, thread, is_sent) = sends_part(half, true);
    let mut child = Command::new(binary())
        .args(["backup", "--to", file.to_str().unwrap(), "--url", &url])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    is_sent.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    thread.join().unwrap();
    assert!(!file.exists());
    let left = names_in(&folder);
    assert!(left.iter().all(|name| name.starts_with("b.backup.partial-")), "{left:?}");
    for name in left {
        shop.restore(&folder.join(&name), "new", &[]).expect(2, &["cannot be restored from"]);
    }
    // A file that is there is never replaced.
    fs::write(&file, "precious").unwrap();
    shop.service
        .run(&["backup", "--to", file.to_str().unwrap()])
        .expect(2, &["b.backup exists", "replaces no file", "name another one"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

/// A file system of its own, taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Of so many MiB; none where nothing may be mounted.
    fn mount(at: &Path, mib: u32) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let size = format!("size={mib}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        let disk = mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_path_buf()));
        if disk.is_none() {
            skip("a small disk needs the right to mount a tmpfs (root)");
        }
        disk
    }

    /// Makes it larger, or read-only.
    fn remount(&self, options: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(status.unwrap().success(), "{options}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_refuses_what_would_be_written_and_recovers() {
    let parent = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&parent.path().join("disk"), 400) else { return };
    let data = disk.0.join("data");
    let service = Running::dev(&data);
    let client = Client::new(&service.url, None);
    let product = json!({"sku": "LIP-01", "title": "Lip balm", "price": 19_900}).to_string();
    client.send(Method::Post, "/v1/catalog", "application/x-ndjson", product.as_bytes()).unwrap();
    let first = plan(&service.url, 1, 201);
    // All but a part of the reserve of 64 MiB is taken.
    let ballast = disk.0.join("ballast");
    let free = rustix::fs::statvfs(&disk.0).unwrap();
    let size = free.f_bavail * free.f_frsize - 32 * 1024 * 1024;
    let file = fs::File::create(&ballast).unwrap();
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, size).unwrap();
    let refused = client
        .send(Method::Post, "/v1/returns", "application/json", event(2).to_string().as_bytes())
        .unwrap();
    let problem = refused.json().unwrap();
    assert_eq!((refused.status, &problem["code"]), (503, &json!("storage_unavailable")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("bytes free"), "{problem}");
    let ready = client.get("/readyz").unwrap();
    assert_eq!(ready.status, 503);
    assert!(String::from_utf8_lossy(&ready.body).contains("bytes free"));
    // What is stored is still read.
    assert!(plan(&service.url, 1, 200) == first);
    assert_eq!(client.get("/healthz").unwrap().status, 200);
    drop(file);
    fs::remove_file(&ballast).unwrap();
    assert_eq!(client.get("/readyz").unwrap().status, 200);
    let second = plan(&service.url, 2, 201);
    service.signal(Signal::TERM);
    assert_eq!(service.wait().0.code(), Some(0));
    // A start needs some room, and says so.
    let mut file = fs::File::create(&ballast).unwrap();
    std::io::copy(&mut std::io::repeat(0), &mut file).unwrap_err();
    rebound(&["serve", "--dev", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
        .expect(19, &["0 bytes free", "make room and run the command again"]);
    drop(file);
    fs::remove_file(&ballast).unwrap();
    answers_the_same(&data, &[(1, first), (2, second)]);
}

#[test]
fn a_disk_without_room_for_a_backup_or_a_restore_is_told_apart_and_leaves_nothing() {
    let shop = Shop::open();
    let plans = shop.decide(0..3);
    shop.fill(10_000);
    let Some(disk) = SmallDisk::mount(&shop.path("disk"), 1) else { return };
    let to = disk.0.join("a.backup");
    let finished = shop.service.run(&["backup", "--to", to.to_str().unwrap(), "--json"]);
    let error = finished.expect(19, &[]).json();
    assert_eq!(error["error"]["code"], "disk_full", "{error}");
    let detail = error["error"]["detail"].as_str().unwrap();
    assert!(detail.contains("a.backup") && detail.contains("a file on another disk"), "{detail}");
    assert_eq!(names_in(&disk.0), Vec::<String>::new(), "half a backup keeps no room");
    let file = shop.back_up("a.backup");

    // Some room, but less than a storage wants left.
    disk.remount("size=40m");
    shop.restore(&file, "disk/new", &[]).expect(19, &["bytes free", "make room and run the command again"]);
    let new = disk.0.join("new");
    rebound(&["serve", "--dev", "--listen", "127.0.0.1:0", "--data", new.to_str().unwrap()])
        .expect(15, &["holds a restore that did not end"]);
    rebound(&["doctor", "--data", new.to_str().unwrap()]).expect(15, &["holds a restore that did not end"]);
    disk.remount("size=400m");
    shop.restore(&file, "disk/new", &[]).expect(0, &[]);
    answers_the_same(&new, &plans);

    disk.remount("ro");
    let again = disk.0.join("b.backup");
    shop.service
        .run(&["backup", "--to", again.to_str().unwrap()])
        .expect(2, &["cannot be made", "Read-only"]);
    shop.restore(&file, "disk/other", &[]).expect(2, &["cannot be made", "Read-only"]);
    rebound(&["serve", "--dev", "--listen", "127.0.0.1:0", "--data", new.to_str().unwrap()])
        .expect(15, &["Read-only"]);
    disk.remount("rw");
    answers_the_same(&new, &plans);
}

/// Stands between a client and a service: hands on the request, and of the answer this much; then it says so, and hands
/// on the rest once it is let.
fn held_back(
    url: &str,
    bytes: usize,
) -> (String, std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let service = url.strip_prefix("http://").unwrap().to_owned();
    let (held, is_held) = std::sync::mpsc::channel();
    let (let_go, is_let) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut service = std::net::TcpStream::connect(service).unwrap();
        let mut request = [0; 4096];
        let size = client.read(&mut request).unwrap();
        service.write_all(&request[..size]).unwrap();
        let mut part = vec![0; bytes];
        service.read_exact(&mut part).unwrap();
        client.write_all(&part).unwrap();
        held.send(()).unwrap();
        is_let.recv().unwrap();
        // The service may be gone by now, and so may the client.
        std::io::copy(&mut service, &mut client).ok();
    });
    (own, is_held, let_go)
}

#[test]
fn a_service_killed_in_the_middle_of_a_backup_under_load_leaves_no_backup_and_loses_no_plan() {
    let shop = Shop::open();
    // Some 16 MB: more than the pieces and the sockets between the two hold.
    shop.fill(40_000);
    let folder = shop.path("backups");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("a.backup");
    let (url, is_held, let_go) = held_back(&shop.service.url, 1_000_000);
    let done = AtomicBool::new(false);
    let (finished, plans) = std::thread::scope(|scope| {
        let backup = scope.spawn(|| rebound(&["backup", "--to", file.to_str().unwrap(), "--url", &url]));
        is_held.recv().unwrap();
        let (done, service) = (&done, &shop.service.url);
        let second = Client::new(service, None).send(Method::Post, "/v1/backups", "application/json", b"");
        let second = second.unwrap();
        assert_eq!((second.status, &second.json().unwrap()["code"]), (503, &json!("busy")), "one at a time");
        let load = scope.spawn(move || {
            let client = Client::new(service, None);
            let mut plans = Vec::new();
            for number in 0.. {
                let body = event(number).to_string();
                match client.send(Method::Post, "/v1/returns", "application/json", body.as_bytes()) {
                    Ok(answer) if answer.status == 201 => plans.push((number, answer.body)),
                    // Killed in the middle of this one: it was not answered.
                    _ => return plans,
                }
                if number == 100 {
                    done.store(true, Ordering::Relaxed);
                }
            }
            plans
        });
        while !done.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        shop.service.signal(Signal::KILL);
        let plans = load.join().unwrap();
        let_go.send(()).unwrap();
        (backup.join().unwrap(), plans)
    });
    finished.expect(3, &["no backup was made"]);
    assert_eq!(names_in(&folder), Vec::<String>::new());
    assert!(plans.len() > 100);
    rebound(&["doctor", "--data", shop.path("data").to_str().unwrap()]).expect(0, &[]);
    answers_the_same(&shop.path("data"), &plans);
}
