mod chance;
mod data;
mod forecasts;
mod peers;
mod shop;
fn main() -> anyhow::Result<()> {
    let [dev, _] = data::halves()?;
    let peers = peers::read(std::path::Path::new("/tmp/fc/peers.csv"))?;
    let o = forecasts::ours(&dev)?;
    println!("{:?} fairly {} {} expected {}", o.score, o.month_covered_fairly, o.sum_covered_fairly, o.month_expected);
    for p in peers.keys() { println!("{p} {:?}", forecasts::peer(&dev, &peers, p)?); }
    println!("pace {}", forecasts::pace(&dev)?);
    let t=std::time::Instant::now();
    let shop = shop::Shop::new(&dev)?;
    let mut rules=vec![]; let mut names=vec![];
    for months in [None, Some(12), Some(24)] { for z in [-0.3, 0.0, 0.25,0.5,0.84,1.28,1.64,2.05,2.33,3.0,4.0] { rules.push(shop::Rule::Textbook{deviations:z,months}); names.push(format!("textbook {months:?} {z}")); } }
    for fill in [false,true] { for p in [20,30,40,50,60,70,80,85,90,93,95,97,98,99] { rules.push(shop::Rule::Ours(shop::service(fill,p)?)); names.push(format!("ours {} {p}", if fill {"fill"} else {"cycle"})); } }
    let f=shop.try_rules(&rules);
    for (n,o) in names.iter().zip(&f) { println!("{n:24} fill {:.4} stock {:.3} empty {:.3} orders {}", o.fill_rate().unwrap_or(0.0), o.mean_stock(), o.days_empty as f64/o.days as f64, o.orders); }
    println!("{:?}", t.elapsed());
    Ok(())
}
