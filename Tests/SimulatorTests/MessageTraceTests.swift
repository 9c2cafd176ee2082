// The messages of a run for its page: those of a long run are not gathered without end.
import MartletBase
import MartletRing
import MartletWire
import Testing

@testable import MartletSimulator

@Suite("Messages for a run's page")
struct MessageTraceTests {
    private let history = History(WorkloadSettings())

    private func read(_ operation: Int) -> PeerMessage {
        .replication(
            .get(
                ReplicaGet(
                    operation: OperationID(rawValue: UInt64(operation)), key: history.keys[0],
                    summaryAllowed: false, epoch: 1)))
    }

    private func answer(_ operation: Int) -> PeerMessage {
        let id = OperationID(rawValue: UInt64(operation))
        return .replication(.getReply(ReplicaGetReply(operation: id, outcome: .refused(.late))))
    }

    @Test("Of a long run the last messages are kept, and what is under way still arrives")
    func bounded() {
        var trace = MessageTrace()
        let limit = MessageTrace.limit
        for number in 1..<2 * limit {
            trace.sent(read(number), from: 0, to: 1, at: .start, history)
        }
        #expect(trace.all.count == 2 * limit - 1)
        let later = Instant.start + .seconds(1)
        trace.sent(read(2 * limit), from: 0, to: 1, at: later, history)
        #expect(trace.all.count == limit && trace.all.last?.sent == later)
        // The question of an answer that comes late is still known; that of one that is gone
        // arrives nowhere.
        trace.sent(answer(2 * limit), from: 1, to: 0, at: later, history)
        trace.sent(answer(1), from: 1, to: 0, at: later, history)
        #expect(trace.all.count == limit + 2)
        trace.arrived(read(2 * limit), from: 0, to: 1, at: later, history)
        trace.arrived(read(1), from: 0, to: 1, at: later, history)
        #expect(trace.all.count { $0.arrived == later } == 1)
        #expect(trace.all[limit - 1].arrived == later)
    }
}
