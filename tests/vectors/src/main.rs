//! Prints what the vectors come to.

fn main() {
    print!("{}", vectors::report());
}
