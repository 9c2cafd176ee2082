// Who wrote, and which write it was: the names that causality is told in.
public import MartletBase

/// The id under which a node issues dots: the node, and which of its lives this is.
///
/// A node takes a new incarnation whenever it may have lost writes that others could have seen
/// from it; reusing the old one could name two writes by one dot.
public struct Actor: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The node that issues the dots; for writes in a home's place a name drawn for them instead.
    public var node: NodeID
    /// Which life of the node; grows, never reused.
    public var incarnation: UInt32

    /// The actor of `node` in its life `incarnation`.
    public init(node: NodeID, incarnation: UInt32) {
        self.node = node
        self.incarnation = incarnation
    }

    /// Feeds both as one word, the unit that a hasher takes in without ado.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(node.rawValue &+ UInt64(incarnation) << 32)
    }

    /// By node, then incarnation.
    public static func < (left: Actor, right: Actor) -> Bool {
        left.node == right.node
            ? left.incarnation < right.incarnation : left.node < right.node
    }

    /// `node/incarnation`.
    public var description: String { "\(node)/\(incarnation)" }
}

/// The name of one write: unique for ever.
public struct Dot: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Who issued it.
    public var actor: Actor
    /// Which of the actor's writes; from 1.
    public var counter: UInt64

    /// The write `counter` of `actor`.
    public init(actor: Actor, counter: UInt64) {
        self.actor = actor
        self.counter = counter
    }

    /// By actor, then counter.
    public static func < (left: Dot, right: Dot) -> Bool {
        left.actor == right.actor ? left.counter < right.counter : left.actor < right.actor
    }

    /// `node/incarnation:counter`.
    public var description: String { "\(actor):\(counter)" }
}
