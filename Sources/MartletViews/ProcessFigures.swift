// What a node's process comes to, as numbers. Filled in by who runs the process.

/// The process, its clients' connections and its links to other nodes.
package struct ProcessFigures: Hashable, Sendable {
    /// Its id.
    package var id: Int32 = 0
    /// The longest turn of its loop in the last 30 to 60 seconds.
    package var longestTurn = Duration.zero
    /// Turns that took longer than 10 ms.
    package var longTurns: UInt64 = 0
    /// Since its start.
    package var uptime = Duration.zero
    /// Bytes of it that are in memory.
    package var residentBytes = 0
    /// Open connections of clients.
    package var clients = 0
    /// How many there may be.
    package var clientLimit = 0
    /// Clients that were turned away since there were as many.
    package var rejectedClients: UInt64 = 0
    /// Clients whose connections were closed since all connections held too much.
    package var evictedClients: UInt64 = 0
    /// Bytes that clients' connections hold.
    package var connectionBytes = 0
    /// How many they may hold.
    package var connectionLimitBytes = 0
    /// Open links to other nodes.
    package var openLinks = 0
    /// Messages that links had no room for.
    package var droppedMessages: UInt64 = 0

    /// All zero.
    package init() {}
}
