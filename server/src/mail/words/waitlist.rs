//! Letters to who waits for goods: whether it was them who asked, and that it is there.

use super::{Button, Group, Item, Said, Speaker};

impl Speaker<'_> {
    pub(super) fn ask_to_confirm(&self, said: &mut Said, titles: &[String], confirm: &str) {
        said.paragraphs
            .push(self.plain("back_in_stock_confirm_intro"));
        said.groups.push(Group {
            heading: None,
            items: titles.iter().map(|title| self.item(title, None)).collect(),
        });
        said.after.push(self.plain("back_in_stock_confirm_after"));
        said.buttons.push(Button {
            label: self.plain("button_confirm"),
            href: confirm.to_owned(),
            is_first: true,
        });
        self.may_leave(said, "not_me");
    }

    pub(super) fn say_it_is_back(
        &self,
        said: &mut Said,
        title: &str,
        ships: Option<&str>,
        buy: Option<&str>,
    ) {
        said.subject = self.with("back_in_stock_subject", &[("title", &self.own(title))]);
        said.paragraphs.push(self.plain("back_in_stock_intro"));
        said.groups.push(Group {
            heading: None,
            items: vec![self.item(title, ships)],
        });
        said.after.push(self.plain("back_in_stock_after"));
        said.buttons.extend(buy.map(|href| Button {
            label: self.plain("button_shop"),
            href: href.to_owned(),
            is_first: true,
        }));
        self.may_leave(said, "leave");
    }

    fn item(&self, title: &str, note: Option<&str>) -> Item {
        Item {
            title: self.own(title).into_owned(),
            notes: note.into_iter().map(str::to_owned).collect(),
            reason: None,
        }
    }

    fn may_leave(&self, said: &mut Said, label: &str) {
        said.why = self.plain("why_waitlist");
        said.leave = self.letter.leave.as_ref().map(|href| Button {
            label: self.plain(label),
            href: href.clone(),
            is_first: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use shared::text::Language;

    use super::super::said;
    use crate::mail::letter::sample;

    #[test]
    fn who_is_asked_may_say_that_it_was_not_them() {
        let said = said(&sample("back_in_stock_confirm", Language::English).expect("a letter"));
        let titles: Vec<&str> = said.groups[0]
            .items
            .iter()
            .map(|item| item.title.as_str())
            .collect();
        assert_eq!(titles, ["Hoodie, blue", "Mug"]);
        assert_eq!(said.buttons[0].label, "Yes, write to me");
        let leave = said.leave.expect("a way out");
        assert_eq!(leave.label, "I did not ask for this");
        assert!(leave.href.ends_with("/refuse"));
    }

    #[test]
    fn who_is_told_can_buy_with_one_click_and_leave_with_another() {
        let said = said(&sample("back_in_stock", Language::English).expect("a letter"));
        assert_eq!(said.subject, "Back in stock: Hoodie, blue");
        assert_eq!(
            said.groups[0].items[0].notes,
            ["Ships by Wednesday, November 25"]
        );
        assert_eq!(
            said.buttons[0].href,
            "https://shop.example/products/cc-hoodie-blue"
        );
        assert!(said.leave.expect("a way out").href.ends_with("/leave"));
    }
}
