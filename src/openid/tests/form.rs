use crate::form::{Form, encoded};

#[test]
fn o23_a_form_is_utf_8_and_encoded_once() {
    let mut form = Form::default();
    form.add("scope", "openid a:b");
    form.add_some("absent", None);
    form.add("login_hint", "j\u{fc}rgen+1@example.com & co=%");
    assert_eq!(
        std::str::from_utf8(&Form::encode_all(&[&form])),
        Ok("scope=openid+a%3Ab&login_hint=j%C3%BCrgen%2B1%40example.com+%26+co%3D%25")
    );
}

#[test]
fn o23_a_form_is_written_into_one_buffer() {
    let mut form = Form::default();
    for name in ["a", "b\u{20ac}", "c"] {
        form.add(name, &"\u{20ac} ".repeat(50));
    }
    let bytes = Form::encode_all(&[&form]);
    // One separator less than there are fields.
    assert_eq!(bytes.len() + 1, bytes.capacity());
}

#[test]
fn o13_a_text_by_itself_is_encoded_as_in_a_form() {
    assert_eq!(&**encoded("odd:id+1%"), "odd%3Aid%2B1%25");
    assert_eq!(&**encoded("p@ss:w%rd+/=& x"), "p%40ss%3Aw%25rd%2B%2F%3D%26+x");
    assert_eq!(&**encoded("plain-._*09AZ"), "plain-._*09AZ");
}
