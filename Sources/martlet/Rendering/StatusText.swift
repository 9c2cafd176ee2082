// A node's condition as a person reads it.
internal import MartletViews

/// Lines of text from a status view.
enum StatusText {
    /// Everything that the view says, one subject a line.
    static func lines(_ view: StatusView) -> [String] {
        var rows = [
            ("node", "\(view.node) (\(view.id)) of cluster \(view.cluster)"),
            ("ready", ready(view)),
            ("writes as", view.actors.joined(separator: ", ")),
            ("requests", requests(view)),
            ("replication", replication(view.counters)),
            (
                "hints",
                "\(view.hints.count) pending, \(bytesText(view.hints.bytes)); "
                    + "\(view.counters.hintsKept) kept, \(view.counters.hintsDelivered) delivered"
            ),
            ("clock", clock(view.clock)),
            ("storage", storage(view.storage)),
        ]
        rows += tables(view.storage).map { ("", $0) }
        if view.epoch > 0 {
            rows.append(("exchanges", exchanges(view.antiEntropy)))
            rows.append(("settled", RepairText.line(view.settled)))
        }
        for (index, member) in view.members.enumerated() {
            rows.append((index == 0 ? "members" : "", line(member)))
        }
        for (index, fact) in view.process.enumerated() {
            rows.append((index == 0 ? "process" : "", "\(fact.name) \(fact.value)"))
        }
        return Columns.lines(rows)
    }

    private static func ready(_ view: StatusView) -> String {
        if view.epoch == 0 { return "no: the cluster is not created yet ('martlet create')" }
        let epoch = "ring of epoch \(view.epoch)"
        if view.ready { return "yes, \(epoch)" }
        let away = view.members.filter { $0.inRing && !$0.reachable }.map(\.name)
        let missing = away.isEmpty ? "all of it" : away.joined(separator: ", ")
        return "no, \(epoch): cannot reach \(missing)"
    }

    private static func requests(_ view: StatusView) -> String {
        "\(view.counters.requests) since the start, \(view.counters.failures) failed, "
            + "\(view.operationsInFlight) in flight"
    }

    private static func replication(_ counters: StatusView.Counters) -> String {
        "\(counters.forwards) forwarded, \(counters.hedges) hedged, "
            + "\(counters.standIns) handed to stand-ins, \(counters.repairs) repaired"
    }

    private static func clock(_ clock: StatusView.Clock) -> String {
        let others = "\(counted(clock.comparedWith, "other clock"))"
        switch clock.standing {
        case "odd":
            return
                "WRONG: \(TimeText.ahead(clock.ahead)) the middle of \(others); writes are handed "
                + "on, nothing is removed"
        case "leapt": return "LEAPT, and no other clock to compare with: nothing is removed"
        case "alone": return "not compared with any other"
        default: return "in step with \(others)"
        }
    }

    private static func exchanges(_ view: RepairView) -> String {
        "\(view.comparisons) compared, \(view.differences) differed, "
            + "\(view.objectsFound) objects found, \(view.pushes) sent, \(view.removals) removed; "
            + "trees of \(bytesText(view.treeBytes)), \(view.treesMended) mended"
    }

    private static func storage(_ storage: StatusView.Storage) -> String {
        let state = storage.refusal.map { "REFUSES WRITES: \($0)" }
        let room = storage.freeBytes.map { free in
            "; \(bytesText(Int(clamping: free))) of the disk free, "
                + "\(bytesText(Int(clamping: storage.reserveBytes ?? 0))) kept in reserve"
        }
        let text =
            "about \(counted(storage.entries, "entry", "entries")), "
            + "\(bytesText(storage.memtableBytes)) of them in memtables; "
            + "\(bytesText(storage.pendingBytes)) on the way to disk" + (room ?? "")
        return state.map { "\($0); \(text)" } ?? text
    }

    private static func tables(_ storage: StatusView.Storage) -> [String] {
        let levels = storage.levels.map {
            "level \($0.level): \(counted($0.tables, "table")), \(bytesText($0.bytes))"
        }
        let asked = storage.cacheHits + storage.cacheMisses
        let share = asked > 0 ? Double(storage.cacheHits) / Double(asked) : 0
        var lines = levels.isEmpty ? [] : [levels.joined(separator: "; ")]
        lines.append(
            "block cache \(bytesText(storage.cacheBytes)), \(storage.cacheHits) hits, "
                + "\(storage.cacheMisses) misses (\(decimal(100 * share, 0))%)")
        lines.append(
            "\(counted(Int(clamping: storage.flushes), "flush", "flushes")), "
                + "\(counted(Int(clamping: storage.compactions), "compaction")), "
                + "\(decimal(storage.writeAmplification, 1)) bytes written to tables for each "
                + "accepted; \(decimal(100 * storage.backlog, 0))% behind")
        if storage.damagedRanges > 0 {
            lines.append("LOST: \(counted(storage.damagedRanges, "range")) of keys, see the log")
        }
        return lines
    }

    private static func line(_ member: StatusView.Member) -> String {
        var text = "\(member.name) \(member.state)"
        if !member.reachable { text += ", not reachable from here" }
        if !member.inRing { text += ", not in the ring" }
        if let ahead = member.clockAhead, ahead.magnitude >= 1_000 {
            text += ", its clock \(TimeText.ahead(ahead)) the cluster's"
        }
        return text
    }
}

/// Names on the left, texts on the right.
enum Columns {
    /// One line for each pair, the texts lined up.
    static func lines(_ rows: [(name: String, text: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { name, text in
            name + String(repeating: " ", count: width - name.count + 2) + text
        }
    }
}
