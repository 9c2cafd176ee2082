// The ring as JSON, byte for byte as an encoder has it. There are as many homes as partitions: an
// encoder takes longer for those than a turn of the loop may.
package import MartletBase

extension RingView {
    /// One line, keys sorted.
    package var json: Bytes {
        guard let homes else { return JSONText.line(self) }
        var rest = self
        rest.homes = nil
        var json = JSONText.line(rest)
        // The key after `homes`. A quotation mark within a string would have a backslash before it.
        let next = Bytes(",\"members\":".utf8)
        guard let place = json.firstRange(of: next)?.lowerBound else {
            fatalError("a ring without members: \(String(decoding: json, as: UTF8.self))")
        }
        json.insert(contentsOf: Self.part(homes), at: place)
        return json
    }

    private static func part(_ partitions: [Homes]) -> Bytes {
        var names: [String: Bytes] = [:]
        var json = Bytes(",\"homes\":[".utf8)
        for (index, partition) in partitions.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            json += "{\"firstSlot\":\(partition.firstSlot)".utf8
            if let from = partition.from { append(from, as: "from", &names, to: &json) }
            append(partition.homes, as: "homes", &names, to: &json)
            json += ",\"lastSlot\":\(partition.lastSlot)".utf8
            json += ",\"partition\":\(partition.partition)".utf8
            if let age = partition.settledAge { json += ",\"settledAge\":\(age)".utf8 }
            if let since = partition.since { json += ",\"since\":\(since)".utf8 }
            json.append(UInt8(ascii: "}"))
        }
        json.append(UInt8(ascii: "]"))
        return json
    }

    private static func append(
        _ homes: [String], as key: String, _ names: inout [String: Bytes], to json: inout Bytes
    ) {
        json += ",\"\(key)\":[".utf8
        for (index, name) in homes.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            let encoded = names[name] ?? JSONText.line(name)
            names[name] = encoded
            json += encoded
        }
        json.append(UInt8(ascii: "]"))
    }
}
