// What is shown, as JSON: the same bytes for the same value, keys in their order.
package import MartletBase

internal import FoundationEssentials

/// Texts of JSON.
package enum JSONText {
    /// `value` on one line. What is shown holds text and finite numbers, which always encode.
    package static func line(_ value: some Encodable) -> Bytes {
        Bytes(encoded(value, [.sortedKeys, .withoutEscapingSlashes]))
    }

    /// `value` on several lines.
    package static func lines(_ value: some Encodable) -> String {
        String(
            decoding: encoded(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]),
            as: UTF8.self)
    }

    private static func encoded(
        _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
    ) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        do { return try encoder.encode(value) } catch {
            fatalError("\(type(of: value)) did not encode: \(error)")
        }
    }
}
