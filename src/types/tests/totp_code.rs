use super::refused;
use crate::types::TotpCode;

#[test]
fn b53_i13_i14_exactly_six_ascii_digits() {
    for code in [
        "",
        "12345",
        "1234567",
        "123 456",
        "123-456",
        " 123456",
        "123456 ",
        "12345a",
        "+12345",
        "-12345",
        "1e5   ",
        "0x1234",
        "12345\n",
        "12345\0",
        "١٢٣٤٥٦",
        "１２３４５６",
        "１２",
        "12345\u{200b}",
        "½½½",
        "......",
    ] {
        refused(TotpCode::new(code), "code", code);
    }
    refused(TotpCode::new(&"1".repeat(10 * 1024 * 1024)), "code", &"1".repeat(10 * 1024 * 1024));
}

#[test]
fn i16_leading_zeros_are_kept() {
    for code in ["000000", "000123", "012345", "999999"] {
        assert_eq!(TotpCode::new(code).expect("a code").expose_secret(), code);
    }
}

#[test]
fn b70_a_code_is_redacted() {
    assert_eq!(format!("{:?}", TotpCode::new("135790").expect("a code")), "TotpCode([redacted])");
    let error = TotpCode::new("13579x").expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("13579"));
}
