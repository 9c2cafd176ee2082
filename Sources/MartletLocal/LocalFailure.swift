// What ends work with processes, files and ports of this machine before its time.

/// Why such work cannot go on, in words for whoever began it.
package struct LocalFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether what was asked for cannot be meant, and must be asked for in another way.
    package var isUsage: Bool
    /// What happened, and what to do.
    package var description: String

    /// The failure that `description` tells.
    package init(_ description: String, isUsage: Bool = false) {
        self.isUsage = isUsage
        self.description = description
    }
}
