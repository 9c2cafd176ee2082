// What nodes say when they compare what they hold, mend it, and agree on what is settled. With a
// focus only what concerns the key's partition, and of its tree the nodes above the key.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

extension Words {
    mutating func said(_ message: ExchangeMessage, from: Int, to: Int) -> String? {
        switch message {
        case .promise(let promise): return said(promise)
        case .roots(let roots): return said(roots, from: from)
        case .rootsReply(let reply): return said(reply, to: to)
        case .settled(let settled): return said(settled)
        case .nodes(let nodes):
            let parts = nodes.parts.filter { isAbove($0.partition, $0.nodes) }
            return told("\(nodes.stage) of tree nodes", parts.map { ($0.partition, $0.nodes) })
        case .nodesReply(let reply):
            let parts = reply.parts.filter { isAbove($0.partition, $0.differing) }
            return told("tree nodes differ", parts.map { ($0.partition, $0.differing) })
        case .question(let question):
            let parts = question.parts.filter { isAbove($0.partition, $0.leaves) }
            return told("what are your leaves?", parts.map { ($0.partition, $0.leaves) })
        case .leaf(let leaf): return said(leaf, "holds")
        case .wants(let leaf): return said(leaf, "wants")
        }
    }

    private func said(_ promise: MartletWire.Promise) -> String? {
        if focus != nil { return nil }
        let hinted =
            promise.hinted.isEmpty
            ? "" : "; keeps hints in \(Self.partitions(promise.hinted))"
        return "promises to write nothing up to \(Names.seconds(promise.floor))\(hinted)"
    }

    // MARK: Roots

    private mutating func said(_ roots: TreeRoots, from: Int) -> String? {
        guard let focus else {
            return "roots of \(Self.partitions(roots.entries.map(\.partition)))"
        }
        guard let entry = roots.entries.first(where: { $0.partition == focus.partition }) else {
            return nil
        }
        questions.ask(round(roots.round, of: from), about: focus.key)
        return "root of partition \(entry.partition), settled up to "
            + Names.seconds(entry.watermark)
    }

    private func said(_ reply: TreeRootsReply, to: Int) -> String? {
        guard let focus else {
            if reply.differing.isEmpty, reply.unknown.isEmpty { return "roots are equal" }
            let unknown =
                reply.unknown.isEmpty ? "" : ", nothing known of \(Self.partitions(reply.unknown))"
            return "roots differ in \(Self.partitions(reply.differing))\(unknown)"
        }
        guard questions.key(of: round(reply.round, of: to)) != nil else { return nil }
        if reply.differing.contains(focus.partition) {
            return "the root of partition \(focus.partition) differs"
        }
        return reply.unknown.contains(focus.partition)
            ? "nothing known of partition \(focus.partition)"
            : "the root of partition \(focus.partition) is equal"
    }

    private func round(_ number: UInt64, of node: Int) -> OpenQuestions.Name {
        OpenQuestions.Name(node: node, sequence: .round, number: number)
    }

    private func said(_ settled: Settled) -> String? {
        let entries = settled.entries.filter { entry in
            focus.map { $0.partition == entry.partition } ?? true
        }
        guard !entries.isEmpty else { return nil }
        let shown = entries.prefix(Self.listLimit).map {
            "\($0.partition) up to \(Names.seconds($0.watermark))"
        }
        return "settled: partition " + shown.joined(separator: ", ")
            + Self.rest(entries.count)
    }

    // MARK: Trees and objects

    /// Whether one of the nodes of a tree lies above what is told about.
    private func isAbove(_ partition: UInt16, _ nodes: NodeSet) -> Bool {
        guard let focus else { return true }
        return partition == focus.partition
            && nodes.indexes.contains { focus.lies(below: $0, depth: nodes.depth) }
    }

    private func told(_ what: String, _ parts: [(partition: UInt16, nodes: NodeSet)]) -> String? {
        if parts.isEmpty { return focus == nil ? "\(what): none" : nil }
        let shown = parts.prefix(Self.listLimit).map {
            "\($0.nodes.indexes.count) at depth \($0.nodes.depth) of partition \($0.partition)"
        }
        return "\(what): " + shown.joined(separator: ", ") + Self.rest(parts.count)
    }

    private func said(_ leaf: LeafDigests, _ verb: String) -> String? {
        if let focus {
            guard leaf.partition == focus.partition, focus.lies(below: leaf.leaf, depth: leaf.depth)
            else { return nil }
        }
        return "\(verb) \(leaf.digests.count) objects under leaf \(leaf.leaf) of partition "
            + "\(leaf.partition)"
    }

    mutating func said(_ parcel: Parcel, from: Int) -> String? {
        let entries = parcel.entries.filter { tells($0.key) }
        if entries.isEmpty { return nil }
        if focus != nil || parcel.entries.count == 1 {
            questions.ask(question(parcel.operation, of: from), about: entries[0].key)
        }
        let shown = entries.prefix(Self.listLimit).map { "\($0.key.text): \(object($0.object))" }
        return "exchanged " + shown.joined(separator: "; ") + Self.rest(entries.count)
    }

    func said(_ removed: RemovedVersions) -> String? {
        guard tells(removed.key) else { return nil }
        return "removed from \(removed.key.text): all up to "
            + "\(Names.seconds(removed.watermark)) but \(names.context(removed.known))"
    }

    // MARK: Lists

    private static func partitions(_ all: [UInt16]) -> String {
        all.count == 1
            ? "partition \(all[0])"
            : "\(all.count) partitions: "
                + all.prefix(listLimit).map { "\($0)" }.joined(separator: " ") + rest(all.count)
    }

    private static func rest(_ count: Int) -> String {
        count > listLimit ? " and \(count - listLimit) more" : ""
    }
}
