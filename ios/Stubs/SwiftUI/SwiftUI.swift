// A stand-in for SwiftUI, with just what our screens use and nothing that draws. It lets Linux's compiler check our side of them:
// names, optionals, actor isolation. It says nothing about Apple's side.

@_exported import Foundation
@_exported import Observation

@MainActor @preconcurrency
public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}

extension Never: View {
    public var body: Never { return fatalError() }
}

extension Optional: View where Wrapped: View {
    public var body: Never { return fatalError() }
}

/// A view without a body of its own.
public protocol Primitive: View where Body == Never {}

extension Primitive {
    public var body: Never { return fatalError() }
}

public struct EmptyView: Primitive {
    public init() {}
}

/// Any such view.
public struct Stub: Primitive {}

public struct AnyView: Primitive {
    public init(_ view: some View) {}
}

@resultBuilder
public enum ViewBuilder {
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> Stub { Stub() }
    public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<First: View>(first: First) -> Stub { Stub() }
    public static func buildEither<Second: View>(second: Second) -> Stub { Stub() }
}

// MARK: State

@propertyWrapper
public struct State<Value> {
    private let value: Value
    public init(wrappedValue: Value) { value = wrappedValue }
    public init(initialValue: Value) { value = initialValue }
    public var wrappedValue: Value {
        get { value }
        nonmutating set {}
    }
    public var projectedValue: Binding<Value> { Binding(get: { value }, set: { _ in }) }
}

extension State where Value: ExpressibleByNilLiteral {
    public init() { value = nil }
}

@propertyWrapper @dynamicMemberLookup
public struct Binding<Value> {
    private let get: () -> Value
    public init(get: @escaping () -> Value, set: @escaping (Value) -> Void) { self.get = get }
    public var wrappedValue: Value {
        get { get() }
        nonmutating set {}
    }
    public var projectedValue: Self { self }
    public subscript<Member>(dynamicMember path: WritableKeyPath<Value, Member>) -> Binding<Member> {
        Binding<Member>(get: { wrappedValue[keyPath: path] }, set: { _ in })
    }
}

@propertyWrapper @dynamicMemberLookup
public struct Bindable<Value: AnyObject & Observable> {
    public let wrappedValue: Value
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public var projectedValue: Self { self }
    public subscript<Member>(dynamicMember path: ReferenceWritableKeyPath<Value, Member>) -> Binding<Member> {
        Binding(get: { wrappedValue[keyPath: path] }, set: { _ in })
    }
}

@propertyWrapper
public struct Environment<Value> {
    private let path: KeyPath<EnvironmentValues, Value>
    public init(_ path: KeyPath<EnvironmentValues, Value>) { self.path = path }
    public var wrappedValue: Value { EnvironmentValues()[keyPath: path] }
}

public struct EnvironmentValues {
    public var dismiss: DismissAction { DismissAction() }
}

@MainActor
public struct DismissAction {
    nonisolated init() {}
    public func callAsFunction() {}
}

// MARK: Views

public struct LocalizedStringKey: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {}
}

public struct ButtonRole {
    public static let cancel = ButtonRole()
    public static let destructive = ButtonRole()
}

@MainActor @preconcurrency
public struct Text: Primitive {
    public init(_ key: LocalizedStringKey) {}
    @_disfavoredOverload public init(_ text: some StringProtocol) {}
    public func monospacedDigit() -> Text { self }
}

@MainActor @preconcurrency
public struct Label: Primitive {
    public init(_ key: LocalizedStringKey, systemImage: String) {}
    @_disfavoredOverload public init(_ text: some StringProtocol, systemImage: String) {}
}

@MainActor @preconcurrency
public struct Button: Primitive {
    public init(_ key: LocalizedStringKey, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void) {}
    @_disfavoredOverload
    public init(_ title: some StringProtocol, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void) {}
    public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> some View) {}
}

@MainActor @preconcurrency
public struct TextField: Primitive {
    public init(_ key: LocalizedStringKey, text: Binding<String>) {}
}

@MainActor @preconcurrency
public struct SecureField: Primitive {
    public init(_ key: LocalizedStringKey, text: Binding<String>) {}
    @_disfavoredOverload public init(_ title: some StringProtocol, text: Binding<String>) {}
}

@MainActor @preconcurrency
public struct Toggle: Primitive {
    public init(_ key: LocalizedStringKey, isOn: Binding<Bool>) {}
}

@MainActor @preconcurrency
public struct Picker: Primitive {
    public init(_ title: some StringProtocol, selection: Binding<some Hashable>, @ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct ProgressView: Primitive {
    public init() {}
    public init(value: Double?, total: Double = 1) {}
}

@MainActor @preconcurrency
public struct LabeledContent: Primitive {
    public init(_ title: some StringProtocol, value: some StringProtocol) {}
}

@MainActor @preconcurrency
public struct Spacer: Primitive {
    public init() {}
}

public enum HorizontalAlignment { case leading, center, trailing }

@MainActor @preconcurrency
public struct VStack: Primitive {
    public init(alignment: HorizontalAlignment = .center, @ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct HStack: Primitive {
    public init(@ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct ZStack: Primitive {
    public init(@ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct Group: Primitive {
    public init(@ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct List: Primitive {
    public init(@ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct Form: Primitive {
    public init(@ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct Section: Primitive {
    public init(@ViewBuilder content: () -> some View) {}
    public init(_ key: LocalizedStringKey, @ViewBuilder content: () -> some View) {}
    @_disfavoredOverload public init(_ title: some StringProtocol, @ViewBuilder content: () -> some View) {}
}

@MainActor @preconcurrency
public struct ForEach: Primitive {
    public init<Data: RandomAccessCollection>(_ data: Data, @ViewBuilder content: (Data.Element) -> some View)
    where Data.Element: Identifiable {}
    public init<Data: RandomAccessCollection>(
        _ data: Data, id: KeyPath<Data.Element, some Hashable>, @ViewBuilder content: (Data.Element) -> some View
    ) {}
}

@MainActor @preconcurrency
public struct NavigationStack: Primitive {
    public init(@ViewBuilder root: () -> some View) {}
}

@MainActor @preconcurrency
public struct NavigationLink: Primitive {
    public init(_ key: LocalizedStringKey, @ViewBuilder destination: () -> some View) {}
    public init(@ViewBuilder destination: () -> some View, @ViewBuilder label: () -> some View) {}
}

public struct PeriodicTimelineSchedule {
    public static func periodic(from start: Date, by interval: TimeInterval) -> Self { Self() }
}

@MainActor @preconcurrency
public struct TimelineView: Primitive {
    public struct Context {
        public var date: Date { .now }
    }
    public init(_ schedule: PeriodicTimelineSchedule, @ViewBuilder content: (Context) -> some View) {}
}

/// Apple's is in UniformTypeIdentifiers.
public struct UTType {
    public static let item = UTType()
    public static let folder = UTType()
}

// MARK: Modifiers

public struct Style {
    public static let secondary = Style()
    public static let red = Style()
}

public struct UIKeyboardType {
    public static let numberPad = UIKeyboardType()
}

public struct UITextContentType {
    public static let oneTimeCode = UITextContentType()
}

public struct BorderlessButtonStyle {
    public static let borderless = BorderlessButtonStyle()
}

@MainActor
extension View {
    public func task(_ action: @escaping @MainActor () async -> Void) -> some View { self }
    public func task(id: some Equatable, _ action: @escaping @MainActor () async -> Void) -> some View { self }
    public func fileImporter(
        isPresented: Binding<Bool>, allowedContentTypes: [UTType],
        onCompletion: @escaping @MainActor (Result<URL, any Error>) -> Void
    ) -> some View { self }
    public func tag(_ tag: some Hashable) -> some View { self }
    public func refreshable(action: @escaping @MainActor () async -> Void) -> some View { self }
    public func onChange(of value: some Equatable, _ action: @escaping @MainActor () -> Void) -> some View { self }
    public func navigationTitle(_ key: LocalizedStringKey) -> some View { self }
    public func toolbar(@ViewBuilder content: () -> some View) -> some View { self }
    public func sheet<Item: Identifiable>(
        item: Binding<Item?>, @ViewBuilder content: @escaping (Item) -> some View
    ) -> some View { self }
    public func frame(height: Double?) -> some View { self }
    public func disabled(_ isDisabled: Bool) -> some View { self }
    public func foregroundStyle(_ style: Style) -> some View { self }
    public func buttonStyle(_ style: BorderlessButtonStyle) -> some View { self }
    public func privacySensitive() -> some View { self }
    public func accessibilityLabel(_ text: Text) -> some View { self }
    public func keyboardType(_ type: UIKeyboardType) -> some View { self }
    public func textContentType(_ type: UITextContentType) -> some View { self }
}
