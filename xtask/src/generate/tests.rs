use super::*;

/// A folder with all that is generated and what it is generated from.
fn copy_of_the_repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let values = ["charts/attache/values.yaml", "charts/attache-issuer/values.yaml"];
    let sources = values.into_iter().chain([figures::FILE, sidecar_figures::FILE]);
    let limits = configuration_page::sources_of_limits();
    for file in sources.chain(limits).chain(FILES.iter().map(|generated| generated.file)) {
        let copy = folder.path().join(file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(crate::root().join(file), copy).unwrap();
    }
    folder
}

fn stale(root: &Path) -> Vec<&'static str> {
    out_of_date(root).unwrap().into_iter().map(|(generated, _)| generated.file).collect()
}

#[test]
fn what_is_checked_in_is_what_would_be_written() {
    assert_eq!(stale(crate::root()), [""; 0]);
}

#[test]
fn a_change_by_hand_is_found_and_written_over() {
    let folder = copy_of_the_repository();
    let root = folder.path();
    for generated in FILES {
        let path = root.join(generated.file);
        let text = fs::read_to_string(&path).unwrap();
        // A name in JSON, or what ends a part of a page.
        let changed = text.replacen("\"type\":", "\"typ\":", 1).replacen(
            "\n<!-- end of",
            " x\n<!-- end of",
            1,
        );
        assert_ne!(text, changed, "{}", generated.file);
        fs::write(&path, changed).unwrap();
        assert_eq!(stale(root), [generated.file]);
        write(root).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_file_that_is_missing_is_written() {
    let folder = copy_of_the_repository();
    fs::remove_file(folder.path().join("plugin-config/schema.json")).unwrap();
    assert_eq!(stale(folder.path()), ["plugin-config/schema.json"]);
    write(folder.path()).unwrap();
    assert_eq!(stale(folder.path()), [""; 0]);
}

#[test]
fn a_page_without_a_place_for_what_is_generated_says_which_lines_it_needs() {
    assert_eq!(replace_between("a\n[\nold\n]\nb\n", "[", "]", "new").unwrap(), "a\n[\nnew\n]\nb\n");
    for page in ["", "[\n", "]\n[\n", "[\n]\n[\n]\n"] {
        let error = replace_between(page, "[", "]", "new").unwrap_err().to_string();
        assert_eq!(error, "the page needs one line `[` and, below it, one line `]`");
    }
}

#[test]
fn a_table_has_no_spaces_in_empty_cells() {
    let rows = [vec!["a".to_owned(), String::new()]];
    assert_eq!(table(&["key", ""], &rows), "| key | |\n|---|---|\n| a | |");
}
