// What a node holds in memory for others, connection by connection: what they sent and is not yet
// used, what they are owed and has not left. Closes nothing itself; says who holds the most.
//
//     connection ── byteCounts ──► account ──► ledger: sum above the limit? ──► the greediest goes
internal import MartletBase

/// The bytes held for one connection; confined to the node's loop, like its ledger.
package final class MemoryAccount {
    /// Bytes received and not yet used.
    package var inputByteCount = 0 {
        didSet { ledger?.change(by: inputByteCount - oldValue) }
    }
    /// Bytes owed: of requests in flight, of answers that wait, of what the socket has not taken.
    package var outputByteCount = 0 {
        didSet { ledger?.change(by: outputByteCount - oldValue) }
    }

    /// Whose connection it is, for the log.
    package let owner: String
    /// Ends the connection.
    let evict: () -> Void
    fileprivate var ledger: MemoryLedger?
    fileprivate var place: Int

    fileprivate init(
        _ ledger: MemoryLedger, owner: String, place: Int, evict: @escaping () -> Void
    ) {
        self.ledger = ledger
        self.owner = owner
        self.place = place
        self.evict = evict
    }

    /// What both counts come to.
    package var byteCount: Int { inputByteCount + outputByteCount }

    /// The connection is gone: what it still holds counts no more. Closing twice is harmless.
    package func close() {
        ledger?.remove(self)
    }
}

/// The accounts of one node, and what they may come to together.
package final class MemoryLedger {
    /// Bytes that connections may hold together.
    package let limitBytes: Int
    /// Bytes that they hold.
    package private(set) var byteCount = 0
    /// Connections that were closed for what they held.
    package private(set) var evictionCount: UInt64 = 0
    private var accounts: [MemoryAccount] = []

    /// A ledger without accounts.
    package init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Opens an account for the connection of `owner`, which `evict` ends.
    package func open(owner: String, evict: @escaping () -> Void) -> MemoryAccount {
        let account = MemoryAccount(self, owner: owner, place: accounts.count, evict: evict)
        accounts.append(account)
        return account
    }

    /// Whether someone must go.
    package var isExceeded: Bool { byteCount > limitBytes }

    /// Ends the connection that holds the most, and tells which, with the bytes that it held; nil
    /// when the limit is not exceeded. O(accounts).
    package func evictGreediest() -> (owner: String, byteCount: Int)? {
        guard isExceeded, let greediest = accounts.max(by: { $0.byteCount < $1.byteCount }) else {
            return nil
        }
        let held = greediest.byteCount
        greediest.close()
        evictionCount += 1
        greediest.evict()
        return (greediest.owner, held)
    }

    fileprivate func change(by byteCount: Int) {
        self.byteCount += byteCount
        invariant(self.byteCount >= 0, "\(self.byteCount) bytes are held")
    }

    /// The last account takes the place of the one that goes. O(1).
    fileprivate func remove(_ account: MemoryAccount) {
        change(by: -account.byteCount)
        let last = accounts.removeLast()
        if last !== account {
            last.place = account.place
            accounts[account.place] = last
        }
        account.ledger = nil
    }
}
