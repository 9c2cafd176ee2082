// MULTI, EXEC, DISCARD, WATCH and UNWATCH. There are no transactions, and none are pretended: what
// stands between MULTI and EXEC is answered with the reason and not carried out, and EXEC says that
// nothing was. Nothing is kept of it, so there is nothing to bound.
//
//     none ──MULTI: OK──► begun ──any other command: why not──► refused
//       ▲                   └──EXEC: nothing to do──┐              │
//       └────────── EXEC: EXECABORT, DISCARD: OK, RESET ───────────┘
//
// That MULTI itself is answered with OK is for the clients: one that were told an error would not
// send the EXEC that ends the state, and its connection would be of no use to whoever has it next.
internal import MartletBase
internal import MartletRESP

/// Where a connection stands between MULTI and EXEC.
enum TransactionState {
    /// Not between them.
    case none
    /// MULTI was the last command.
    case begun
    /// Something was refused since.
    case refused
}

enum TransactionCommands {
    /// `WATCH key …`: it would promise that EXEC notices a change.
    static func watch(_: CommandCall) throws(CommandError) -> CommandPlan {
        throw .unsupported(
            "WATCH",
            "there are no transactions; read with MARTLET.GET and write with MARTLET.PUT and its "
                + "context: what somebody else wrote meanwhile stays beside it")
    }
}

extension ClientSession {
    func perform(_ act: TransactionAct) throws(CommandError) {
        switch act {
        case .begin:
            guard transaction == .none else { throw CommandError("MULTI calls can not be nested") }
            transaction = .begun
            reply { $0.writeOK() }
        case .execute: try endTransaction()
        case .discard:
            guard transaction != .none else { throw CommandError("DISCARD without MULTI") }
            transaction = .none
            reply { $0.writeOK() }
        }
    }

    private func endTransaction() throws(CommandError) {
        let state = transaction
        transaction = .none
        switch state {
        case .none: throw CommandError("EXEC without MULTI")
        case .begun: reply { $0.writeArrayHeader(0) }
        case .refused:
            throw CommandError(
                code: "EXECABORT",
                "Transaction discarded because of previous errors, nothing of it was carried out: "
                    + Self.noTransactions)
        }
    }

    /// What a command between MULTI and EXEC is refused with.
    static let heldBack = CommandError.unsupported("MULTI", noTransactions)

    private static let noTransactions =
        "there are no transactions over replicas; send the commands in a pipeline without MULTI "
        + "(pipeline(transaction=False) in redis-py), each takes effect by itself"
}
