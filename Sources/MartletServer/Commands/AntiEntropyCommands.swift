// MARTLET.REPAIR and EXPLAIN: what operators ask of anti-entropy. Each answers one bulk string of
// JSON for the node that was asked; the CLI asks all that have a part in it.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletViews

extension ClientSession {
    /// `MARTLET.REPAIR [PARTITION p | KEY key | STATUS]`.
    func martletRepair(_ words: [Bytes]) throws(CommandError) {
        guard let topology = target.core.topology else { throw .noCluster }
        var partitions: [UInt16]?
        var cursor = ArgumentCursor(words, from: 1)
        switch cursor.nextKeyword() {
        case nil: break
        case "STATUS" where words.count == 2:
            return replyWithRepair(of: nil, begun: 0, for: reserve())
        case "PARTITION" where words.count == 3:
            let last = Int64(topology.partitionCount.value - 1)
            partitions = [UInt16(try cursor.integer("PARTITION", in: 0...last))]
        case "KEY" where words.count == 3:
            partitions = [topology.partition(ofKey: try cursor.value()).index]
        default: throw .syntax
        }
        let ticket = reserve()
        target.ask(.compare(partitions)) { [self, partitions] reply in
            guard case .comparing(let begun) = reply else { return }
            replyWithRepair(of: partitions, begun: begun, for: ticket)
        }
    }

    private func replyWithRepair(
        of partitions: [UInt16]?, begun: Int, for ticket: ReplyTicket
    ) {
        survey({ RepairView($0.core, of: partitions) }, for: ticket) { views, writer in
            var view = views[0]
            for more in views.dropFirst() { view.join(more) }
            view.begun = begun
            writer.writeBulk(JSONText.line(view))
        }
    }

    /// `MARTLET.EXPLAIN key`.
    func martletExplain(_ words: [Bytes]) throws(CommandError) {
        guard target.core.topology != nil else { throw .noCluster }
        let ticket = reserve()
        target.ask(.lookUp(words[1])) { [self] reply in
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
