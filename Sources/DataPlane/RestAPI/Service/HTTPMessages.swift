public import DataPlaneCore

/// A request as the REST API takes it.
public typealias RestHTTPRequest = ServiceRequest

/// An answer of the REST API.
public typealias RestHTTPResponse = ServiceResponse
