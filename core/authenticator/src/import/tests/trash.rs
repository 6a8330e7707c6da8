//! Accounts that another app has in its trash.

use super::*;

#[test]
fn what_another_app_has_in_its_trash_is_told_and_left_out_unless_it_is_wanted() {
    for (name, deleted) in [
        ("ente-trashed.txt", vec![true]),
        ("bitwarden-old.json", vec![false, true]),
        ("proton-pass.json", vec![false, true]),
    ] {
        let import = import_of(name).unwrap();
        let verdicts = |options: &ImportOptions| {
            let rows = preview(&import, &[], options).unwrap().rows;
            rows.iter().map(|row| row.verdict == RowVerdict::Deleted).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&ImportOptions::default()), deleted, "{name}");
        let wanted = ImportOptions { deleted: true, ..ImportOptions::default() };
        assert_eq!(verdicts(&wanted), vec![false; deleted.len()], "{name}");
        let last = deleted.len() - 1;
        let chosen =
            ImportOptions { choices: [(last, SameName::KeepBoth)].into(), ..ImportOptions::default() };
        assert!(!verdicts(&chosen)[last], "{name}");
    }
    let csv = "Group,Title,Username,TOTP\nRoot/Recycle Bin,a,b,JBSWY3DPEHPK3PXP\nRoot,c,d,JBSWY3DPEHPK3PXP\n";
    let mut import = Import::new();
    import.add_file(csv.as_bytes(), None).unwrap();
    let rows = preview(&import, &[], &ImportOptions::default()).unwrap().rows;
    assert_eq!([&rows[0].verdict, &rows[1].verdict], [&RowVerdict::Deleted, &RowVerdict::New]);
}
