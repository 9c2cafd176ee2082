// What tells a hint that refers to the object beside it from one that carries a copy.
public import MartletBase

/// A hint by reference: nine bytes that no object begins with, a marker and a digest of the object
/// as it was when the mark was made, so that a mark renewed by a later write is told from it.
public enum HintMark {
    private static let marker: UInt8 = 0

    static func bytes(for object: Bytes) -> Bytes {
        var writer = ByteWriter(capacity: 9)
        writer.write(marker)
        writer.write(StableHash.hash(object))
        return writer.take()
    }

    /// Whether a hint of these bytes is one by reference.
    public static func isMark(_ bytes: Bytes) -> Bool { bytes.first == marker }
}
