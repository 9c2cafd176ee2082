// MARTLET.REPAIR and EXPLAIN: what operators ask of anti-entropy. Each answers one bulk string of
// JSON for the node that was asked; the CLI asks all that have a part in it.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletViews

enum AntiEntropyCommands {
    /// `MARTLET.REPAIR [PARTITION p | KEY key | STATUS]`.
    static func repair(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        let topology = try call.topology()
        var cursor = call.options(from: 1)
        switch cursor.nextKeyword() {
        case nil: return .operate(.compare(nil))
        case "STATUS" where call.count == 2: return .show(.repair)
        case "PARTITION" where call.count == 3:
            let last = Int64(topology.partitionCount.value - 1)
            return .operate(.compare([UInt16(try cursor.integer("PARTITION", in: 0...last))]))
        case "KEY" where call.count == 3:
            return .operate(.compare([topology.partition(ofKey: call[2]).index]))
        default: throw .syntax
        }
    }
}

extension ClientSession {
    /// Has `partitions` compared, and tells of the exchanges.
    func compare(_ partitions: [UInt16]?) {
        let ticket = reserve()
        target.ask(.compare(partitions)) { [self] reply in
            guard case .comparing(let begun) = reply else { return }
            showRepair(of: partitions, begun: begun, for: ticket)
        }
    }

    /// Tells of the exchanges, which include `begun` partitions anew.
    func showRepair(of partitions: [UInt16]?, begun: Int, for ticket: ReplyTicket) {
        survey({ RepairView($0.core, of: partitions) }, for: ticket) { views, writer in
            var view = views[0]
            for more in views.dropFirst() { view.join(more) }
            view.begun = begun
            writer.writeBulk(JSONText.line(view))
        }
    }

    /// Tells what the node holds of `key`.
    func showHoldings(of key: Bytes) throws(CommandError) {
        guard target.topology != nil else { throw .noCluster }
        let ticket = reserve()
        target.ask(.lookUp(key)) { [self] reply in
            guard case .holds(let holdings) = reply else { return }
            fulfil(ticket) { writer in
                guard let holdings else {
                    let error = CommandError(
                        code: "OVERLOADED", "too much is being read from the disk: try again")
                    return error.write(to: &writer)
                }
                let view = ExplanationView(holdings, core: target.core, at: target.now)
                writer.writeBulk(JSONText.line(view))
            }
        }
    }
}
