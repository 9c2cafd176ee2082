// What all nodes hold of a key as a person reads it: replicas side by side, then what differs, what
// keeps a deleted key, and how far its partition is settled.
internal import MartletViews

/// Lines of text from explanations.
enum ExplanationText {
    /// Everything, subject after subject.
    static func lines(_ explanation: Explanation) -> [String] {
        let place = explanation.place
        var lines = [
            "key \(Printable.text(place.key)): slot \(place.slot), partition \(place.partition)",
            "",
        ]
        lines += replicas(explanation) + [""]
        lines.append(agreement(explanation))
        lines += removal(explanation)
        let settling = settling(explanation)
        if !settling.isEmpty { lines += [""] + settling }
        return lines
    }

    // MARK: Replicas

    private static func replicas(_ explanation: Explanation) -> [String] {
        let names = Names(explanation.place)
        var table = TextTable([
            ("node", .left), ("as", .left), ("holds", .left), ("written", .left), ("dot", .left),
            ("has seen", .left),
        ])
        for (node, role) in RingText.roles(explanation.place) {
            let name = node.name
            guard let view = explanation.nodes.first(where: { $0.node == name }) else {
                table.add([name, role, "no answer", "", "", ""])
                continue
            }
            // A stand-in without a hint has no part in the key.
            if !view.isHome, view.hints.isEmpty, !view.isDamaged { continue }
            var rows: [[String]] = []
            if view.isHome || view.object != nil { rows += Self.rows(view.object, names) }
            for hint in view.hints {
                if let object = hint.object {
                    rows += Self.rows(object, names).map {
                        [$0[0].isEmpty ? "" : "hint for \(hint.home): \($0[0])"] + $0.dropFirst()
                    }
                } else {
                    rows.append(["hint for \(hint.home): the above", "", "", ""])
                }
            }
            if view.isDamaged {
                rows.append(["DAMAGED: some of it does not read back", "", "", ""])
            }
            for (index, row) in rows.enumerated() {
                table.add((index == 0 ? [name, role] : ["", ""]) + row)
            }
        }
        return table.lines
    }

    /// What is held, when it was written, its dot, and what its holder has seen.
    private static func rows(_ object: ExplanationView.Object?, _ names: Names) -> [[String]] {
        guard let object else { return [["nothing", "", "", ""]] }
        let context = object.context.map { "\(names.text($0.actor)):\($0.counter)" }
        let versions = object.siblings.map { sibling in
            [content(sibling), TimeText.utc(sibling.writtenAt), names.text(sibling.dot)]
        }
        return (0..<max(versions.count, context.count, 1)).map { index in
            let version =
                index < versions.count
                ? versions[index] : [index == 0 ? "no version" : "", "", ""]
            return version + [index < context.count ? context[index] : ""]
        }
    }

    private static func content(_ sibling: ExplanationView.Sibling) -> String {
        guard let bytes = sibling.bytes else { return "tombstone" }
        let expiry = sibling.expiresAt.map {
            sibling.content == "expired" ? "" : ", expires \(TimeText.utc($0))"
        }
        return "\(sibling.content), \(bytesText(bytes))\(expiry ?? "")"
    }

    /// Puts the names of nodes in the place of their ids.
    private struct Names {
        private let names: [String: String]

        init(_ place: KeyView) {
            names = Dictionary(
                RingText.roles(place).map { ($0.node.id, $0.node.name) },
                uniquingKeysWith: { first, _ in first })
        }

        /// `id/incarnation…` with the node's name for the id, where it is a node's.
        func text(_ text: String) -> String {
            let id = String(text.prefix { $0 != "/" })
            return (names[id] ?? id) + text.dropFirst(id.count)
        }
    }

    // MARK: Agreement

    private static func agreement(_ explanation: Explanation) -> String {
        let homes = explanation.nodes.filter(\.isHome)
        guard let first = homes.first else { return "no home answers" }
        let count = explanation.place.homes.count + explanation.place.former.count
        let others = homes.filter { $0.object != first.object }.map(\.node)
        if others.isEmpty {
            return homes.count == count
                ? "all \(counted(count, "home")) hold the same"
                : "the \(homes.count) of \(counted(count, "home")) that answer hold the same"
        }
        let verb = others.count == 1 ? "differs" : "differ"
        return
            "\(others.joined(separator: ", ")) \(verb) from \(first.node): reads and exchanges "
            + "mend that, 'martlet repair --key' at once"
    }

    // MARK: Removal

    /// Of a key without a value that stays: whether its last trace can go, home by home.
    private static func removal(_ explanation: Explanation) -> [String] {
        let kept = explanation.nodes.compactMap { view -> (String, [String])? in
            guard let reasons = view.keptBy, let object = view.object,
                object.siblings.allSatisfy({ $0.bytes == nil || $0.expiresAt != nil })
            else { return nil }
            return (view.node, reasons)
        }
        var groups: [(reasons: [String], nodes: [String])] = []
        for (node, reasons) in kept {
            if let index = groups.firstIndex(where: { $0.reasons == reasons }) {
                groups[index].nodes.append(node)
            } else {
                groups.append((reasons, [node]))
            }
        }
        return groups.map { reasons, nodes in
            let text =
                reasons.isEmpty
                ? "the last trace can go, and does with the next sweep"
                : "the last trace stays: \(reasons.joined(separator: "; "))"
            return "\(nodes.joined(separator: ", ")): \(text)"
        }
    }

    // MARK: Watermarks

    private static func settling(_ explanation: Explanation) -> [String] {
        var table = TextTable([
            ("home", .left), ("watermark", .left), ("age", .right), ("promised", .right),
            ("compared", .right), ("equal", .right), ("objects", .right), ("tree", .left),
        ])
        var notes: [String] = []
        var reasons: [(text: String, nodes: [String])] = []
        for view in explanation.nodes {
            guard let settling = view.settling else { continue }
            let ago = { (time: UInt64?) in
                time.map { "\(RepairText.age(view.at - min(view.at, $0))) ago" } ?? "-"
            }
            let spent = { (age: UInt64?) in age.map { "\(RepairText.age($0)) ago" } ?? "-" }
            table.add([
                view.node, settling.watermark.map(TimeText.utc) ?? "none yet",
                ago(settling.watermark), ago(settling.provable), spent(settling.comparedAgo),
                spent(settling.equalAgo), settling.tree.map { "\($0.count)" } ?? "-",
                settling.tree?.root ?? "unknown",
            ])
            if settling.isDoubted {
                notes.append("\(view.node): has lost data, and judges nothing by the watermark")
            }
            for text in settling.heldBackBy {
                if let index = reasons.firstIndex(where: { $0.text == text }) {
                    reasons[index].nodes.append(view.node)
                } else {
                    reasons.append((text, [view.node]))
                }
            }
        }
        notes += reasons.map { text, nodes in
            "watermark held back: \(text) (says \(nodes.joined(separator: ", ")))"
        }
        return table.lines + notes
    }
}
