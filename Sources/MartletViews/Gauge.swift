// A number that a node tells of itself, with what its reader must know. Which there are is
// GaugeTable's.

/// One number: its name, how it moves, its unit, and what it comes to.
package struct Gauge: Sendable {
    /// What a number is about; INFO has a section for each.
    package enum Section: String, Hashable, Sendable, CaseIterable {
        /// The process.
        case server = "Server"
        /// Clients' connections.
        case clients = "Clients"
        /// Memory.
        case memory = "Memory"
        /// What is stored.
        case storage = "Storage"
        /// Exchanges between replicas, and what they have proven.
        case antiEntropy = "AntiEntropy"
        /// Requests and hints.
        case statistics = "Stats"
        /// The ring and the clocks.
        case cluster = "Cluster"
        /// Keys, as Redis tells them.
        case keyspace = "Keyspace"
    }

    /// How it moves.
    package enum Kind: String, Hashable, Sendable {
        /// It counts from the start of the process, and never falls.
        case counter
        /// It rises and falls.
        case level
    }

    /// What it counts.
    package enum Unit: String, Hashable, Sendable {
        /// Things that `help` names.
        case things = ""
        /// Bytes.
        case bytes
        /// Milliseconds.
        case milliseconds = "ms"
        /// Seconds.
        case seconds = "s"
        /// Hundredths of a whole.
        case percent = "%"
    }

    /// What it comes to.
    package enum Value: Hashable, Sendable, CustomStringConvertible {
        /// A whole number.
        case whole(Int)
        /// Tenths of the unit.
        case tenths(Int)

        /// In decimal digits.
        package var description: String {
            switch self {
            case .whole(let number): "\(number)"
            case .tenths(let number): "\(number / 10).\(number % 10)"
            }
        }
    }

    /// Its name, as INFO has it.
    package let name: String
    /// How it moves.
    package let kind: Kind
    /// What it counts.
    package let unit: Unit
    /// What it says, in a few words.
    package let help: String
    /// What it comes to at a node; nil where there is nothing to tell.
    package let value: @Sendable (NodeFigures) -> Value?
}
