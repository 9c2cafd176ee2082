// What an exchange found a home to lack, on its way there: many objects in one message, which are
// told with little beside their keys and values.
public import MartletBase
public import MartletVersions

/// Objects to be merged into what the receiver holds; answered by one `ReplicaPutReply` once each
/// is held or refused.
public struct Parcel: Hashable, Sendable {
    /// One object.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public var key: Bytes
        /// All that the sender holds of the key.
        public var object: Object

        /// What is held of `key`.
        public init(key: Bytes, object: Object) {
            self.key = key
            self.object = object
        }
    }

    /// No parcel has more.
    public static let entryLimit = 1_024

    /// The operation at the sender.
    public var operation: OperationID
    /// How long the sender waits from sending on; work past it need not be done.
    public var patience: Duration
    /// The objects, in any order; `entryLimit` at the most.
    public var entries: [Entry]

    /// Some objects.
    public init(operation: OperationID, patience: Duration, entries: [Entry]) {
        self.operation = operation
        self.patience = patience
        self.entries = entries
    }
}
