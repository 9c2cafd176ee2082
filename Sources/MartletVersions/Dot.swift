// Who wrote, and which write it was: the names that causality is told in.
package import MartletBase

/// The id under which a node issues dots: the node, which of its lives this is, and an epoch.
///
/// A node takes a new incarnation whenever it may have lost writes that others could have seen
/// from it; reusing the old one could name two writes by one dot. Within an incarnation, epoch 0
/// writes what the node is a home of. A node that coordinates in a home's place forgets the key
/// once its hint is home, and a context covers every dot before the one it names: so each such
/// hint is written under an epoch of its own, or its dots would cover what was forgotten. (Riak
/// calls them per-key actor epochs.)
package struct Actor: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The node that issues the dots.
    package var node: NodeID
    /// Which life of the node; grows, never reused.
    package var incarnation: UInt32
    /// 0 for what the node writes as a home; else one hint's, counted within the incarnation.
    package var epoch: UInt32

    /// The actor of `node` in its life `incarnation`.
    package init(node: NodeID, incarnation: UInt32, epoch: UInt32 = 0) {
        self.node = node
        self.incarnation = incarnation
        self.epoch = epoch
    }

    /// By node, then incarnation, then epoch.
    package static func < (left: Actor, right: Actor) -> Bool {
        if left.node != right.node { return left.node < right.node }
        if left.incarnation != right.incarnation { return left.incarnation < right.incarnation }
        return left.epoch < right.epoch
    }

    /// `node/incarnation`, and `.epoch` where there is one.
    package var description: String {
        "\(node)/\(incarnation)" + (epoch == 0 ? "" : ".\(epoch)")
    }
}

/// The name of one write: unique for ever.
package struct Dot: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Who issued it.
    package var actor: Actor
    /// Which of the actor's writes; from 1.
    package var counter: UInt64

    /// The write `counter` of `actor`.
    package init(actor: Actor, counter: UInt64) {
        self.actor = actor
        self.counter = counter
    }

    /// By actor, then counter.
    package static func < (left: Dot, right: Dot) -> Bool {
        left.actor == right.actor ? left.counter < right.counter : left.actor < right.actor
    }

    /// `node/incarnation:counter`.
    package var description: String { "\(actor):\(counter)" }
}
