// What a node holds in memory for others, connection by connection: what they sent and is not yet
// used, what they are owed and has not left. Closes nothing itself; says who holds the most. Each
// loop of the node has a ledger, and all of them one limit.
//
//     connection ── byteCounts ──► account ──► ledger: sum above the limit? ──► the greediest goes
internal import MartletBase
internal import Synchronization

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

/// What all connections of a node hold, whichever of its loops they belong to.
package final class MemoryTotal: Sendable {
    /// Bytes that connections may hold together.
    package let limitBytes: Int
    private let present = Atomic(0)

    /// Nothing yet, of so many bytes.
    package init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    fileprivate var isExceeded: Bool { present.load(ordering: .relaxed) > limitBytes }

    fileprivate func change(by byteCount: Int) {
        present.add(byteCount, ordering: .relaxed)
    }
}

/// The accounts of one loop of a node.
package final class MemoryLedger {
    private let total: MemoryTotal
    private let shares: Int
    /// Bytes that the loop's connections hold.
    package private(set) var byteCount = 0
    /// Connections that were closed for what they held.
    package private(set) var evictionCount: UInt64 = 0
    private var accounts: [MemoryAccount] = []

    /// A ledger without accounts, one of `shares` under one `total`.
    package init(total: MemoryTotal, shares: Int = 1) {
        self.total = total
        self.shares = shares
    }

    /// Bytes that all connections of the node may hold together.
    package var limitBytes: Int { total.limitBytes }

    /// Opens an account for the connection of `owner`, which `evict` ends.
    package func open(owner: String, evict: @escaping () -> Void) -> MemoryAccount {
        let account = MemoryAccount(self, owner: owner, place: accounts.count, evict: evict)
        accounts.append(account)
        return account
    }

    /// Whether someone of this loop must go: all hold too much, and its connections more than their
    /// share, as those of one loop then do.
    package var isExceeded: Bool { total.isExceeded && byteCount > limitBytes / shares }

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
        total.change(by: byteCount)
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
