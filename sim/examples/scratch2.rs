use ringlet_sim::{drive::*, rules::*, law::*, workload::*};
fn main() {
    for (w,f) in [(0.0,0.0),(0.8,0.0),(0.8,4.0)] {
    let mut law = Law::base(10000.0);
    law.wave=w; law.flashes_per_day=f;
    law.another_burst = 0.0;
    let h = Workload::draw(&law, 8, 5);
    for r in Rule::quick() { if !["roistat","fixed_15"].contains(&r.id) {continue}
      for n in [100usize,200] {
        let o = Drive{rule:&r,numbers:n,taught:None,from_ms:DAY_MS}.run(&h);
        println!("wave {w} flash {f} {} {n} def {:.3} starts {}", r.title, o.default_share(), o.starts);
      } }
    }
}
