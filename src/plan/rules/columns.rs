//! The columns of an experiment: as they were asked for where that is known, else left to be found.

use super::brief::Brief;
use crate::data::{Roles, is_alike, is_called};
use crate::spec::{Columns, HeldOutBy, Task};

impl Brief<'_> {
    /// As they were asked for, the label by its own name; of a table with it; of vectors all of them, for each has its part.
    pub(super) fn columns(&self) -> Columns {
        if self.task == Task::SentenceSimilarity || self.choice.languages.is_some() {
            return self.offer.data.columns.clone();
        }
        let (asked, perhaps, found) = (&self.choice.columns, &self.choice.perhaps, &self.offer.data.columns);
        let roles = self.roles();
        let is_of = |names: &[String], column: &String| names.iter().any(|name| is_called(column, name));
        let is_flag = |label: &String| perhaps.label.iter().any(|name| is_called(label, &format!("is_{name}")));
        let is_named = |label: &String| [&roles.label, &roles.listed, &roles.placed].iter().any(|names| names.contains(label));
        let is_told =
            |label: &String| is_of(&perhaps.label, label) || is_of(&perhaps.told, label) || is_flag(label) || is_named(label);
        let is_meant = found.label.as_ref().is_some_and(is_told) || self.label_in_passing().is_some();
        // Rows without an answer are no examples of a part that is counted by time: it is to be known which column has it.
        let is_counted = self.held_out_frac.is_some() && !self.held_out_by.is_chance();
        // `The text is in wording`, of recordings: what is read elsewhere is told there.
        let is_turned = found.label.as_ref().is_some_and(|label| asked.input.contains(label) || roles.input.contains(label));
        let is_said = self.offer.data.table.is_some() || asked.label.is_some() || is_meant || is_counted || is_turned;
        let label = found.label.clone().filter(|_| is_said).or(asked.label.clone());
        // Words that turned out to be columns.
        let in_roles = |column: &String| roles.input.contains(column) || roles.listed.contains(column);
        let is_fed = |column: &String| is_of(&perhaps.input, column) || in_roles(column);
        let are_meant = asked.input.is_empty() && found.input.iter().all(is_fed);
        let are_named = !found.input.is_empty() && found.input.iter().all(in_roles);
        // `acc_*` are those that it stands for, and of data of words the text is one that was named in passing.
        let are_alike = asked.input.iter().any(|name| name.contains('*'));
        let texts: Vec<&str> = found.input.iter().map(String::as_str).collect();
        let names_text = || perhaps.says.iter().any(|text| !Roles::mentioned(text, &texts).is_empty());
        let is_text = self.task.is_of_streams() && asked.input.is_empty() && names_text();
        let input = if are_meant || are_named || are_alike || is_text { found.input.clone() } else { asked.input.clone() };
        let input: Vec<String> = input.into_iter().filter(|name| !is_turned || found.label.as_ref() != Some(name)).collect();
        // `tmp_*` are those that were left out for it.
        let data = self.offer.data;
        let left_out = data.table.as_ref().map_or(&data.columns.exclude, |table| &table.left_out);
        let each = |name: &String| match name.contains('*') {
            true => left_out.iter().filter(|own| is_alike(own, name)).cloned().collect(),
            false => vec![name.clone()],
        };
        let columns = self.column_names();
        let mut exclude: Vec<String> = asked.exclude.iter().flat_map(each).collect();
        for name in perhaps.exclude.iter().chain(&roles.exclude).filter_map(|name| self.left_out(name)) {
            // A column's own name stands for no other: `reservation_status` for no `reservation_status_date`.
            let stands = |own: &String| *own == name || !columns.contains(&own.as_str()) && is_called(&name, own);
            if !exclude.iter().any(stands) {
                exclude.push(name);
            }
        }
        if let HeldOutBy::Group { column } = &self.held_out_by
            && self.is_left_out_for_groups(column)
            && !exclude.contains(column)
        {
            exclude.push(column.clone());
        }
        // Of several that are told none is the label, whichever was named first.
        let labels = found.labels.clone();
        let label = label.filter(|_| labels.is_empty());
        Columns { label, labels, input, exclude, ..asked.clone() }
    }
}
