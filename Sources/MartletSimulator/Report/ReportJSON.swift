// Reports for programs.
internal import Foundation

/// `report` as one JSON object; keys are sorted, so that equal reports are equal bytes.
func reportJSON(_ report: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    guard let data = try? encoder.encode(report) else {
        fatalError("a report of plain values does not encode")
    }
    return String(decoding: data, as: UTF8.self)
}
