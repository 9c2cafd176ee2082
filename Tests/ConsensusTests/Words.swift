// What nodes say and do, as lines that read like a protocol.
//
//     prepare 1.n2              a ballot: round and proposer
//     promised 2.n1 (w5 in 1.n2)     with what was accepted before: the ring whose members weigh 5
import MartletBase
import MartletConsensus
import MartletRing
import MartletWire

func words(_ node: NodeID) -> String { "n\(node.rawValue)" }

func words(_ nodes: [NodeID]) -> String { nodes.map(words).joined(separator: " ") }

func words(_ ballot: Ballot) -> String { "\(ballot.round).\(words(ballot.proposer))" }

func words(_ ring: Topology) -> String { "w\(ring.members[0].weight)" }

func words(_ message: DecreeMessage) -> String {
    let ballot = words(message.ballot)
    switch message.step {
    case .prepare: return "prepare \(ballot)"
    case .promised(nil): return "promised \(ballot)"
    case .promised(let accepted?):
        return "promised \(ballot) (\(words(accepted.topology)) in \(words(accepted.ballot)))"
    case .accept(let ring): return "accept \(ballot) \(words(ring))"
    case .accepted: return "accepted \(ballot)"
    case .refused(let other): return "refused \(ballot) for \(words(other))"
    }
}

func words(_ effect: EpochChain.Effect) -> String {
    switch effect {
    case .send(let message, let nodes): "\(words(message)) -> \(words(nodes))"
    case .keep(let record, let message, let nodes):
        "keep \(words(record)), \(words(message)) -> \(words(nodes))"
    case .decided(let ring): "decided \(words(ring))"
    case .concluded(let number, let outcome): "#\(number.rawValue) \(words(outcome))"
    case .offerRing(let node): "offer ring to \(words(node))"
    case .askRing(let node): "ask ring of \(words(node))"
    }
}

func words(_ record: AcceptorRecord) -> String {
    let accepted = record.accepted.map { " \(words($0.topology)) in \(words($0.ballot))" }
    return words(record.promised) + (accepted ?? "")
}

func words(_ outcome: ProposalOutcome) -> String {
    guard case .noMajority(let answered, let needed) = outcome else { return "\(outcome)" }
    return "no majority: \(words(answered)) of \(needed)"
}
