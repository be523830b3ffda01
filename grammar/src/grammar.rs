//! What a text of JSON may be: parts that are written one behind the other, chosen, or repeated.

use crate::number::{Decimals, Integers};
use crate::text::Strings;

/// A part, by its number.
pub(crate) type Id = u32;

/// More than any text costs; what cannot be written at all.
pub(crate) const NEVER: u32 = u32::MAX / 8;

#[derive(Debug)]
pub(crate) enum Node {
    /// These bytes.
    Text(Box<[u8]>),
    Strings(Strings),
    Integers(Integers),
    Decimals(Decimals),
    /// One of these; none: nothing.
    Choice(Vec<Id>),
    /// One behind the other.
    Sequence([Id; 3]),
    List {
        item: Id,
        min: u32,
        max: u32,
        order: Order,
    },
    /// Exactly these items.
    Tuple(Vec<Id>),
    /// In this order, those that are not needed or not.
    Keys(Vec<Field>),
    /// Names and values, each such a pair.
    Map {
        pair: Id,
        min: u32,
        max: u32,
    },
}

/// Whether items differ, and how that comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Free,
    /// Whole numbers, each above the one before.
    Numbers,
    /// Of a choice of texts, each behind the one before.
    Choices,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// The name with its colon, as the first of its object and as a later one.
    pub(crate) first: Id,
    pub(crate) later: Id,
    pub(crate) value: Id,
    pub(crate) needed: bool,
}

/// What a JSON schema allows.
#[derive(Debug)]
pub struct Grammar {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: Id,
}

/// Parts that every grammar has, in this order.
pub(crate) const OPEN_LIST: Id = 0;
pub(crate) const CLOSE_LIST: Id = 1;
pub(crate) const OPEN_KEYS: Id = 2;
pub(crate) const CLOSE_KEYS: Id = 3;
pub(crate) const COMMA: Id = 4;

impl Grammar {
    pub(crate) fn empty() -> Self {
        let mut grammar = Grammar { nodes: Vec::new(), root: 0 };
        for mark in ["[", "]", "{", "}", ","] {
            grammar.text(mark);
        }
        grammar
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        self.nodes.len() as Id - 1
    }

    pub(crate) fn set(&mut self, id: Id, node: Node) {
        self.nodes[id as usize] = node;
    }

    pub(crate) fn text(&mut self, text: &str) -> Id {
        self.add(Node::Text(text.as_bytes().into()))
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    /// Whether it is a choice of texts alone.
    pub(crate) fn is_of_texts(&self, id: Id) -> bool {
        match self.node(id) {
            Node::Choice(all) => !all.is_empty() && all.iter().all(|one| matches!(self.node(*one), Node::Text(_))),
            _ => false,
        }
    }

    /// Alternatives of a choice.
    pub(crate) fn count(&self, id: Id) -> usize {
        match self.node(id) {
            Node::Choice(all) => all.len(),
            _ => 0,
        }
    }

    /// Choices of choices become one, so that none leads back to itself before something is written.
    pub(crate) fn flatten_choices(&mut self) {
        for id in 0..self.nodes.len() as Id {
            let Node::Choice(_) = self.node(id) else { continue };
            let (mut found, mut waiting, mut seen) = (Vec::new(), vec![id], vec![id]);
            while let Some(next) = waiting.pop() {
                match self.node(next) {
                    Node::Choice(all) => {
                        for one in all.iter().rev() {
                            if !matches!(self.node(*one), Node::Choice(_)) {
                                waiting.push(*one);
                            } else if !seen.contains(one) {
                                seen.push(*one);
                                waiting.push(*one);
                            }
                        }
                    }
                    _ if found.contains(&next) => {}
                    _ => found.push(next),
                }
            }
            self.set(id, Node::Choice(found));
        }
    }

    /// Whether some text is whole after finitely many bytes.
    pub(crate) fn is_finite(&self) -> bool {
        self.costs(&|text| text.len() as u32)[self.root as usize] < NEVER
    }

    /// What every part costs at least, given what texts cost.
    pub(crate) fn costs(&self, of_text: &dyn Fn(&[u8]) -> u32) -> Vec<u32> {
        let mut costs = vec![NEVER; self.nodes.len()];
        for (cost, node) in costs.iter_mut().zip(&self.nodes) {
            if let Node::Text(text) = node {
                *cost = of_text(text);
            }
        }
        loop {
            let mut changed = false;
            for id in 0..self.nodes.len() {
                if matches!(self.nodes[id], Node::Text(_)) {
                    continue;
                }
                let cost = self.cost(id as Id, &costs).min(NEVER);
                if cost < costs[id] {
                    costs[id] = cost;
                    changed = true;
                }
            }
            if !changed {
                return costs;
            }
        }
    }

    fn cost(&self, id: Id, costs: &[u32]) -> u32 {
        let of = |id: &Id| costs[*id as usize];
        let sum = |all: &[Id]| all.iter().map(of).fold(0u32, u32::saturating_add);
        match self.node(id) {
            Node::Text(_) => of(&id),
            Node::Strings(strings) => strings.cost(crate::text::Text::default()).unwrap_or(NEVER),
            Node::Integers(integers) => integers.cost(crate::number::Whole::default()).unwrap_or(NEVER),
            Node::Decimals(decimals) => decimals.cost(crate::number::Decimal::default()).unwrap_or(NEVER),
            Node::Choice(all) => all.iter().map(of).min().unwrap_or(NEVER),
            Node::Sequence(parts) => sum(parts),
            Node::List { .. } => self.rest_of_list(id, 0, costs).saturating_add(costs[OPEN_LIST as usize]),
            Node::Map { .. } => self.rest_of_list(id, 0, costs).saturating_add(costs[OPEN_KEYS as usize]),
            Node::Tuple(items) => {
                let marks = costs[OPEN_LIST as usize] + costs[CLOSE_LIST as usize];
                sum(items).saturating_add(marks + (items.len() as u32 - 1) * costs[COMMA as usize])
            }
            Node::Keys(fields) => self.rest_of_keys(fields, 0, false, costs).saturating_add(costs[OPEN_KEYS as usize]),
        }
    }

    /// What a list costs behind so many items, its end among it.
    pub(crate) fn rest_of_list(&self, id: Id, items: u32, costs: &[u32]) -> u32 {
        let (item, min, close) = match self.node(id) {
            Node::List { item, min, order: Order::Free, .. } => (costs[*item as usize], *min, CLOSE_LIST),
            // Later items may be longer than the shortest.
            Node::List { item, min, .. } => (self.longest(*item, costs), *min, CLOSE_LIST),
            Node::Map { pair, min, .. } => (costs[*pair as usize], *min, CLOSE_KEYS),
            _ => return NEVER,
        };
        let left = min.saturating_sub(items);
        let commas = if items == 0 { left.saturating_sub(1) } else { left };
        let inner = item.saturating_mul(left).saturating_add(commas.saturating_mul(costs[COMMA as usize]));
        inner.saturating_add(costs[close as usize])
    }

    fn longest(&self, item: Id, costs: &[u32]) -> u32 {
        match self.node(item) {
            Node::Choice(all) => all.iter().map(|one| costs[*one as usize]).max().unwrap_or(NEVER),
            Node::Integers(integers) => integers.largest().map_or(NEVER, |largest| largest.to_string().len() as u32),
            _ => costs[item as usize],
        }
    }

    /// What an object costs from field `next` on, its end among it; `begun`: something is written in it.
    pub(crate) fn rest_of_keys(&self, fields: &[Field], next: usize, begun: bool, costs: &[u32]) -> u32 {
        let (mut sum, mut begun) = (costs[CLOSE_KEYS as usize], begun);
        for field in fields.iter().skip(next).filter(|field| field.needed) {
            let name = if begun { field.later } else { field.first };
            sum = sum.saturating_add(costs[name as usize]).saturating_add(costs[field.value as usize]);
            begun = true;
        }
        sum
    }
}
