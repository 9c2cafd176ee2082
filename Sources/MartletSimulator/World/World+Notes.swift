// What each turn of a node comes to beside its effects: what it has told its operator, whether it
// lets clients in, and now and then whether its parts still fit together.
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletRing
internal import MartletStorage

extension World {
    /// A node's invariants are looked at once in so many turns: what they cost is then not felt.
    #if DEBUG
        private static let turnsPerLook = 64
    #else
        private static let turnsPerLook = 1_024
    #endif

    /// Takes in a note that a node has made.
    mutating func tell(_ note: NodeNote, of node: SimulatedShard) {
        node.heard.hear(note)
        switch note {
        case .clockStands(.odd): occurrences[.clockOdd] += 1
        case .memberChanged(let member): noteBelief(of: node, in: member)
        case .valuesRefused(_?): occurrences[.reserveHeld] += 1
        case .conflict, .nameTaken:
            found(
                ComplaintCheck(
                    node: node.index, note: note, hasMoved: occurrences[.move] > 0
                ).run())
        default: break
        }
    }

    /// Looks at a node after a turn.
    mutating func check(turnOf node: SimulatedShard, with event: NodeEvent) {
        node.turns += 1
        if node.turns % Self.turnsPerLook == 0 { node.core?.checkInvariants() }
        switch event {
        case .started, .logAnswered, .jobAnswered:
            found(
                StorageNotesCheck(
                    node: node.index, heard: node.heard,
                    refusal: node.engine.refusal,
                    isShortOfSpace: node.engine.reserveRefusal != nil
                ).run())
        default: break
        }
        if !node.acquaintance.isReady { checkReadiness(of: node, after: event) }
    }

    private mutating func checkReadiness(of node: SimulatedShard, after event: NodeEvent) {
        guard let core = node.core else { return }
        node.acquaintance.take(event)
        found(
            ReadinessCheck(
                node: node.index, acquaintance: node.acquaintance,
                others: core.topology?.members.map(\.id).filter { $0 != node.id },
                startsOver: core.startsOver
            ).run())
    }
}
