/// Decodes a type from a JSON value that was read already: what the limits of the reader let through is all that the
/// type's decoding ever sees, and a `JSON` inside of a type costs nothing.
package struct JSONTreeDecoder: Decoder {
    package let value: JSON
    package let codingPath: [any CodingKey]
    package var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// A value of the type; throws `DecodingError` where the JSON has another form.
    package static func decode<Value: Decodable>(_ type: Value.Type, from json: JSON) throws -> Value {
        try Value(from: JSONTreeDecoder(value: json, codingPath: []))
    }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let fields) = value else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(Keyed<Key>(fields: fields, codingPath: codingPath))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let values) = value else { throw mismatch([Any].self) }
        return Unkeyed(values: values, codingPath: codingPath)
    }

    package func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    /// The value has another form than the type needs.
    package func mismatch(_ type: any Any.Type) -> DecodingError {
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "another form is expected")
        return value == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    fileprivate struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let fields: [String: JSON]
        let codingPath: [any CodingKey]

        var allKeys: [Key] { fields.keys.compactMap { Key(stringValue: $0) } }

        func contains(_ key: Key) -> Bool { fields[key.stringValue] != nil }

        func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).value == .null }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try Value(from: decoder(key))
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try decoder(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try decoder(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder {
            JSONTreeDecoder(value: fields["super"] ?? .null, codingPath: codingPath)
        }

        func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

        private func decoder(_ key: Key) throws -> JSONTreeDecoder {
            guard let value = fields[key.stringValue] else {
                throw DecodingError.keyNotFound(
                    key, DecodingError.Context(codingPath: codingPath, debugDescription: "the member is missing"))
            }
            return JSONTreeDecoder(value: value, codingPath: codingPath + [key])
        }
    }

    fileprivate struct Unkeyed: UnkeyedDecodingContainer {
        let values: [JSON]
        let codingPath: [any CodingKey]
        private(set) var currentIndex = 0

        init(values: [JSON], codingPath: [any CodingKey]) {
            self.values = values
            self.codingPath = codingPath
        }

        var count: Int? { values.count }
        var isAtEnd: Bool { currentIndex >= values.count }

        mutating func decodeNil() throws -> Bool {
            guard try peek().value == .null else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let value = try Value(from: peek())
            currentIndex += 1
            return value
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> {
            let container = try peek().container(keyedBy: type)
            currentIndex += 1
            return container
        }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            let container = try peek().unkeyedContainer()
            currentIndex += 1
            return container
        }

        mutating func superDecoder() throws -> any Decoder {
            let decoder = try peek()
            currentIndex += 1
            return decoder
        }

        private func peek() throws -> JSONTreeDecoder {
            guard !isAtEnd else {
                throw DecodingError.valueNotFound(
                    JSON.self, DecodingError.Context(codingPath: codingPath, debugDescription: "the list is too short"))
            }
            return JSONTreeDecoder(value: values[currentIndex], codingPath: codingPath + [Index(currentIndex)])
        }
    }

    /// The place in a list.
    private struct Index: CodingKey {
        let number: Int

        init(_ number: Int) { self.number = number }
        init?(stringValue: String) { return nil }
        init?(intValue: Int) { number = intValue }

        var stringValue: String { "\(number)" }
        var intValue: Int? { number }
    }
}

extension JSONTreeDecoder: SingleValueDecodingContainer {
    package func decodeNil() -> Bool { value == .null }

    package func decode(_ type: Bool.Type) throws -> Bool {
        guard case .boolean(let truth) = value else { throw mismatch(type) }
        return truth
    }

    package func decode(_ type: String.Type) throws -> String {
        guard case .string(let text) = value else { throw mismatch(type) }
        return text
    }

    package func decode(_ type: Double.Type) throws -> Double {
        switch value {
        case .integer(let number): return Double(number)
        case .number(let number): return number
        default: throw mismatch(type)
        }
    }

    package func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    package func decode(_ type: Int.Type) throws -> Int { try whole() }
    package func decode(_ type: Int8.Type) throws -> Int8 { try whole() }
    package func decode(_ type: Int16.Type) throws -> Int16 { try whole() }
    package func decode(_ type: Int32.Type) throws -> Int32 { try whole() }
    package func decode(_ type: Int64.Type) throws -> Int64 { try whole() }
    package func decode(_ type: UInt.Type) throws -> UInt { try whole() }
    package func decode(_ type: UInt8.Type) throws -> UInt8 { try whole() }
    package func decode(_ type: UInt16.Type) throws -> UInt16 { try whole() }
    package func decode(_ type: UInt32.Type) throws -> UInt32 { try whole() }
    package func decode(_ type: UInt64.Type) throws -> UInt64 { try whole() }
    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }

    /// A whole number that the type holds exactly; `1.0` is one.
    private func whole<Number: FixedWidthInteger>() throws -> Number {
        let number: Number?
        switch value {
        case .integer(let whole): number = Number(exactly: whole)
        case .number(let float): number = Number(exactly: float)
        default: throw mismatch(Number.self)
        }
        guard let number else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: codingPath, debugDescription: "the number does not fit"))
        }
        return number
    }
}
