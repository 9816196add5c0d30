use super::*;
use jwt_simple::algorithms::{ES256KeyPair, RS256KeyPair};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

fn config(folder: &Path) -> KeyFolder {
    let zero = Duration::ZERO;
    KeyFolder { folder: folder.into(), poll: zero, publish_before: zero, publish_after: zero }
}

fn clock() -> Clock {
    Clock::from_fn(|| 4_000_000_000)
}

fn new_key() -> String {
    ES256KeyPair::generate().to_pem().unwrap()
}

#[test]
fn both_kinds_of_key_sign_what_their_published_half_verifies() {
    use jwt_simple::algorithms::{
        ECDSAP256PublicKeyLike as _, ES256PublicKey, RS256PublicKey, RSAPublicKeyLike as _,
    };
    let claims =
        || serde_json::json!({"sub": "a", "exp": 4_000_000_000_u64}).as_object().unwrap().clone();
    let (public, signer) = parse(&new_key()).unwrap();
    let token = signer.unwrap().sign(claims()).unwrap();
    let verifier = ES256PublicKey::from_jwk(&public.jwk.to_string()).unwrap();
    assert_eq!(verifier.verify_token::<Value>(&token, None).unwrap().subject.unwrap(), "a");
    assert_eq!(public.jwk["alg"], "ES256");

    let (public, signer) = parse(&RS256KeyPair::generate(2048).unwrap().to_pem().unwrap()).unwrap();
    let token = signer.unwrap().sign(claims()).unwrap();
    let verifier = RS256PublicKey::from_jwk(&public.jwk.to_string()).unwrap();
    assert_eq!(verifier.verify_token::<Value>(&token, None).unwrap().subject.unwrap(), "a");
    assert_eq!(public.jwk["kid"], public.key_id.as_str());
    assert!(public.jwk.get("d").is_none());
}

#[test]
fn a_key_that_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |text: &str| {
        fs::write(folder.path().join("a.pem"), text).unwrap();
        Keys::open(&config(folder.path()), clock()).unwrap_err().to_string()
    };
    assert!(open("-----BEGIN RSA PRIVATE KEY-----").contains("`a.pem` is not PKCS#8"));
    assert!(open("-----BEGIN ENCRYPTED PRIVATE KEY-----").contains("is encrypted"));
    assert!(
        open("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
            .contains("no key that fits")
    );
    assert!(open("nothing").contains("holds no PEM"));
    assert!(open(&"x".repeat(70_000)).contains("larger than 64 KiB"));
    fs::remove_file(folder.path().join("a.pem")).unwrap();
    assert!(
        Keys::open(&config(folder.path()), clock())
            .unwrap_err()
            .to_string()
            .contains("holds no `.pem` file")
    );
}

#[test]
fn a_kubernetes_secret_that_is_swapped_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let lay = |version: &str, keys: &[(&str, &str)]| {
        fs::create_dir(at(version)).unwrap();
        for (name, pem) in keys {
            fs::write(at(version).join(name), pem).unwrap();
            if !at(name).exists() {
                symlink(Path::new("..data").join(name), at(name)).unwrap();
            }
        }
        symlink(version, at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
    };
    let (first, second) = (new_key(), new_key());
    lay("..v1", &[("2026-01.pem", &first)]);
    let keys = Keys::open(&config(folder.path()), clock()).unwrap();
    let before = keys.current().signer.key_id().to_owned();

    lay("..v2", &[("2026-01.pem", &first), ("2026-02.pem", &second)]);
    let changes = keys.reload().unwrap();
    assert_eq!(changes.added.len(), 1);
    assert_eq!(keys.current().key_ids.len(), 2);
    assert_ne!(keys.current().signer.key_id(), before);
}

#[test]
fn a_name_that_goes_on_comes_after_one_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("2026-11.pem"), new_key()).unwrap();
    let keys = Keys::open(&config(folder.path()), clock()).unwrap();
    let before = keys.current().signer.key_id().to_owned();
    for later in ["2026-11-b.pem", "2026-11-b-2.pem"] {
        fs::write(folder.path().join(later), new_key()).unwrap();
        let added = keys.reload().unwrap().added;
        assert_eq!(added, [keys.current().signer.key_id()], "{later}");
        assert_ne!(keys.current().signer.key_id(), before);
    }
}

#[test]
fn a_folder_that_breaks_leaves_the_keys_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pem"), new_key()).unwrap();
    let keys = Keys::open(&config(folder.path()), clock()).unwrap();
    let before = keys.current();

    fs::write(folder.path().join("b.pem"), "half a fi").unwrap();
    fs::write(folder.path().join("c.pem"), new_key()).unwrap();
    keys.reload().unwrap_err();
    assert_eq!(keys.current().key_ids, before.key_ids);

    for file in ["a.pem", "b.pem", "c.pem"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    keys.reload().unwrap_err();
    assert_eq!(keys.current().signer.key_id(), before.signer.key_id());
}
